"""CouchDB, as the official image runs it."""

import hashlib
import json

from engine.archives import File
from engine.databases.configuration import checker, ini_names
from engine.databases.connection_strings import url
from engine.databases.kinds import ArchiveRestore, Command, Dump, Kind, Setup
from engine.databases.versions import upwards
from engine.secrets import Secret

_OWNER = 5984
_DATA = "/opt/couchdb/data"
_ETC = "/opt/couchdb/etc/local.d"
_ITERATIONS = 10_000


def admin_hash(password: str, user: str) -> str:
    """What CouchDB keeps in place of a password. The same arguments always give the same."""
    plain = password.encode()
    salt = hashlib.pbkdf2_hmac("sha1", plain, b"wharf:" + user.encode(), _ITERATIONS)[:16].hex()
    return f"-pbkdf2-{hashlib.pbkdf2_hmac('sha1', plain, salt.encode(), _ITERATIONS).hex()},{salt},{_ITERATIONS}"


def _files(setup: Setup) -> tuple[File, ...]:
    credentials = setup.credentials
    ours = f"""\
[couchdb]
single_node = true

[chttpd]
port = 5984
bind_address = 0.0.0.0

[admins]
{credentials.user} = {admin_hash(credentials.password.reveal(), credentials.user)}
"""
    # The server writes what is changed over HTTP, this password too, into the last of its files by name.
    return (
        File(f"{_ETC}/configuration.ini", f"{setup.configuration}\n".encode(), _OWNER, 0o600),
        File(f"{_ETC}/wharf.ini", ours.encode(), _OWNER, 0o600),
    )


def _ask(setup: Setup, path: str, *, answer: str | None = None, put: str | None = None) -> Command:
    credentials = setup.credentials
    lines = ["silent", "show-error", "fail", f"url = {quoted(f'http://127.0.0.1:5984{path}')}"]
    lines.append(f"user = {quoted(f'{credentials.user}:{credentials.password.reveal()}')}")
    if put is not None:
        lines += ["request = PUT", f"data = {quoted(json.dumps(put))}"]
    return Command(("curl", "--config", "-"), standard_input="\n".join([*lines, ""]).encode(), answer=answer)


def quoted(text: str) -> str:
    """A value in a configuration file of curl."""
    escapes = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r", "\v": "\\v"}
    return '"' + "".join(escapes.get(c, c) for c in text) + '"'


def _change_password(setup: Setup, new: Secret) -> Command:
    return _ask(setup, f"/_node/_local/_config/admins/{setup.credentials.user}", put=new.reveal())


def _dump(setup: Setup) -> Dump:
    """Its files only ever grow at their end, so a copy is whole whenever it is made. Indexes are built again."""
    arguments = ("tar", "--create", "--file=-", f"--directory={_DATA}", "--exclude=./.shards", ".")
    return Dump(Command(arguments, exit_codes=(0, 1)), suffix="tar")  # 1: a file has grown


COUCHDB = Kind(
    title="CouchDB",
    repository="docker.io/library/couchdb",
    versions=("3.5", "3.4", "3.3"),
    default_version="3.5",
    may_follow=upwards,
    port=5984,
    user="app",
    database="",
    owner=_OWNER,
    data_path=lambda version: _DATA,
    stop_signal="SIGTERM",
    stop_grace=60.0,
    reserved_variables=("COUCHDB_", "NODENAME"),
    files=_files,
    ready=lambda setup: _ask(setup, "/_up", answer=r'\{"status":"ok".*'),
    login=lambda setup: _ask(setup, "/_session", answer=r'.*"_admin".*'),
    change_password=_change_password,
    dump=_dump,
    restore=lambda setup: ArchiveRestore(_DATA),
    contents=lambda setup: _ask(setup, "/_dbs_info"),
    connection_string=url("http", tls_scheme="https"),
    check_configuration=checker(
        ini_names,
        *("admins", "chttpd.bind_address", "chttpd.port", "couchdb.database_dir", "couchdb.single_node"),
        *("couchdb.view_index_dir", "httpd", "log.writer", "ssl", "vendor"),
    ),
)
