"""Redis and the servers that carry it on: Valkey, KeyDB, Dragonfly.

The servers know the password by its SHA-256, in a file of users on the data's volume: what they change there
themselves stays through every start, and the password can be any text.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from engine.archives import File
from engine.databases.configuration import checker, directive_lines, flag_lines
from engine.databases.connection_strings import url
from engine.databases.kinds import STARTING_AS_ROOT, Command, Dump, FileRestore, Kind, Setup
from engine.databases.versions import upwards
from engine.hardening import Capability
from engine.secrets import Secret

_OWNER = 999
_DIRECTORY = "/etc/wharf"
_USERS = "/data/users.acl"
_SNAPSHOT = "/data/wharf-dump.rdb"
_OURS = f"""\
include {_DIRECTORY}/configuration.conf
bind * -::*
port 6379
protected-mode no
dir /data
aclfile {_USERS}
appendonly yes
appendfilename appendonly.aof
daemonize no
logfile ""
"""
# A server that appends reads the file it appends to and no other. A snapshot is a whole such file.
_RESTORE = FileRestore("/data/appendonly.aof", _OWNER)


def password_hash(password: str) -> str:
    """The password as the servers keep it."""
    return hashlib.sha256(password.encode()).hexdigest()


def _files(setup: Setup) -> tuple[File, ...]:
    return (
        File(f"{_DIRECTORY}/server.conf", _OURS.encode(), _OWNER),
        File(f"{_DIRECTORY}/configuration.conf", f"{setup.configuration}\n".encode(), _OWNER),
    )


def _first_files(setup: Setup) -> tuple[File, ...]:
    user = f"user default on #{password_hash(setup.credentials.password.reveal())} ~* &* +@all\n"
    return (File(_USERS, user.encode(), _OWNER, 0o600),)


def _ask(client: str, setup: Setup, *arguments: str, lines: str | None = None, answer: str | None = None) -> Command:
    return Command(
        (client, "-h", "127.0.0.1", "-p", "6379", *arguments),
        environment={"REDISCLI_AUTH": setup.credentials.password.reveal()},
        standard_input=None if lines is None else lines.encode(),
        answer=answer,
    )


def _ping(client: str) -> Callable[[Setup], Command]:
    return lambda setup: _ask(client, setup, "PING", answer="PONG")


def _change_password(client: str) -> Callable[[Setup, Secret], Command]:
    def change(setup: Setup, new: Secret) -> Command:
        lines = f"ACL SETUSER default resetpass #{password_hash(new.reveal())}\nACL SAVE\n"
        return _ask(client, setup, lines=lines, answer=r"OK\s+OK")

    return change


def _snapshot(client: str) -> Callable[[Setup], Dump]:
    # Not straight to its standard output: there, the client leaves a mark of the wire behind the data.
    return lambda setup: _dump_of(_ask(client, setup, "--rdb", _SNAPSHOT))


def _dump_of(written: Command) -> Dump:
    return Dump(
        Command(("cat", _SNAPSHOT)), before=(written,), after=(Command(("rm", "-f", _SNAPSHOT)),), suffix="rdb"
    )


def _keys(client: str) -> Callable[[Setup], Command]:
    return lambda setup: _ask(client, setup, "INFO", "keyspace", answer="# Keyspace.*")


def lasting_keys(keyspace: str) -> str:
    """How many keys never expire, by database: the others go by themselves, and no two servers agree when."""
    found = re.findall(r"(db\d+):keys=(\d+),expires=(\d+)", keyspace)
    counts = [(name, int(keys) - int(expiring)) for name, keys, expiring in found]
    return " ".join(f"{name}={count}" for name, count in counts if count)


REDIS = Kind(
    title="Redis",
    repository="docker.io/library/redis",
    versions=("8.2", "8.0", "7.4", "7.2", "7.0"),
    default_version="8.2",
    may_follow=upwards,
    port=6379,
    user="default",
    database="",
    user_is_fixed=True,
    owner=_OWNER,
    data_path=lambda version: "/data",
    stop_signal="SIGTERM",
    stop_grace=60.0,
    # With it, from version 8 on, the image gives up everything for good before the server starts.
    capabilities=STARTING_AS_ROOT | {Capability.SETPCAP},
    command=lambda setup: ("redis-server", f"{_DIRECTORY}/server.conf"),
    files=_files,
    first_files=_first_files,
    ready=_ping("redis-cli"),
    login=_ping("redis-cli"),
    change_password=_change_password("redis-cli"),
    dump=_snapshot("redis-cli"),
    restore=lambda setup: _RESTORE,
    contents=_keys("redis-cli"),
    lasting=lasting_keys,
    connection_string=url("redis", tls_scheme="rediss", path="0"),
    check_configuration=checker(
        directive_lines,
        *("aclfile", "acl-pubsub-default", "appenddirname", "appendfilename", "appendonly", "bind", "daemonize"),
        *("dir", "include", "logfile", "masterauth", "masteruser", "pidfile", "port", "protected-mode"),
        *("rename-command", "requirepass", "supervised", "tls-port", "unixsocket", "user", "syslog-enabled"),
    ),
)

VALKEY = replace(
    REDIS,
    title="Valkey",
    repository="docker.io/valkey/valkey",
    versions=("9.1", "9.0", "8.1", "8.0", "7.2"),
    default_version="9.0",
    command=lambda setup: ("valkey-server", f"{_DIRECTORY}/server.conf"),
    ready=_ping("valkey-cli"),
    login=_ping("valkey-cli"),
    change_password=_change_password("valkey-cli"),
    dump=_snapshot("valkey-cli"),
    contents=_keys("valkey-cli"),
)

KEYDB = replace(
    REDIS,
    title="KeyDB",
    repository="docker.io/eqalpha/keydb",
    tag=lambda version: f"x86_64_v{version}",
    versions=("6.3.4",),
    default_version="6.3.4",
    command=lambda setup: ("keydb-server", f"{_DIRECTORY}/server.conf"),
    ready=_ping("keydb-cli"),
    login=_ping("keydb-cli"),
    change_password=_change_password("keydb-cli"),
    dump=_snapshot("keydb-cli"),
    contents=_keys("keydb-cli"),
)


# --- Dragonfly -----------------------------------------------------------------------------------------

_FLAGS = """\
--aclfile=/data/users.acl
--bind=0.0.0.0
--port=6379
--dir=/data
--dbfilename=dump
"""


def _flag_files(setup: Setup) -> tuple[File, ...]:
    # What is written between two snapshots is lost with a crash; the user can change how long that is.
    flags = f"--snapshot_cron=*/5 * * * *\n{setup.configuration}\n{_FLAGS}"
    return (File(f"{_DIRECTORY}/server.flags", flags.encode(), _OWNER),)


def _flag_first_files(setup: Setup) -> tuple[File, ...]:
    user = f"USER default ON #{password_hash(setup.credentials.password.reveal())} ~* &* +@ALL\n"
    return (File(_USERS, user.encode(), _OWNER, 0o600),)


def _change_dragonfly_password(setup: Setup, new: Secret) -> Command:
    # It takes hashes from its file only. The word is quoted as its client reads it.
    lines = f"ACL SETUSER default RESETPASS {quoted('>' + new.reveal())}\nACL SAVE\n"
    return _ask("redis-cli", setup, lines=lines, answer=r"OK\s+OK")


def quoted(text: str) -> str:
    """One word for redis-cli, whatever is in it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'


DRAGONFLY = replace(
    REDIS,
    title="Dragonfly",
    repository="docker.dragonflydb.io/dragonflydb/dragonfly",
    tag=lambda version: f"v{version}",
    versions=("1.34.2", "1.33.1", "1.30.3"),
    default_version="1.34.2",
    command=lambda setup: ("dragonfly", "--logtostderr", f"--flagfile={_DIRECTORY}/server.flags"),
    files=_flag_files,
    first_files=_flag_first_files,
    reserved_variables=("DFLY_",),
    change_password=_change_dragonfly_password,
    dump=lambda setup: _dump_of(_ask("redis-cli", setup, "SAVE", "RDB", "wharf-dump.rdb", answer="OK")),
    restore=lambda setup: FileRestore("/data/dump.rdb", _OWNER),
    check_configuration=checker(
        flag_lines,
        *("aclfile", "admin_port", "bind", "dbfilename", "dir", "flagfile", "fromenv", "log_dir", "logtostderr"),
        *("masterauth", "masteruser", "memcached_port", "port", "requirepass", "tls", "tryfromenv", "unixsocket"),
    ),
)
