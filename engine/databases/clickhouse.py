"""ClickHouse, as the official image runs it."""

import hashlib

from engine.archives import File
from engine.databases.configuration import checker, xml_names
from engine.databases.connection_strings import url
from engine.databases.kinds import Command, Dump, Kind, Setup, StreamedRestore
from engine.databases.versions import upwards
from engine.secrets import Secret

_OWNER = 101
_BACKUPS = "/var/lib/clickhouse/backups"
_BACKUP = f"{_BACKUPS}/wharf.zip"
_OURS = f"""\
<clickhouse>
  <listen_host>0.0.0.0</listen_host>
  <backups><allowed_path>{_BACKUPS}/</allowed_path></backups>
</clickhouse>
"""
_SYSTEM = "system, information_schema, INFORMATION_SCHEMA"
_CONTENTS = (
    "SELECT concat(database, '.', name), total_rows FROM system.tables "
    "WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') ORDER BY 1"
)


def _users(user: str, password: str) -> File:
    hashed = hashlib.sha256(password.encode()).hexdigest()
    text = f"""\
<clickhouse>
  <users>
    <default remove="remove"/>
    <{user}>
      <password_sha256_hex>{hashed}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
      <named_collection_control>1</named_collection_control>
    </{user}>
  </users>
</clickhouse>
"""
    return File("/etc/clickhouse-server/users.d/wharf.xml", text.encode(), _OWNER)


def _files(setup: Setup) -> tuple[File, ...]:
    theirs = setup.configuration.strip() or "<clickhouse/>"
    return (
        File("/etc/clickhouse-server/config.d/configuration.xml", f"{theirs}\n".encode(), _OWNER),
        File("/etc/clickhouse-server/config.d/wharf.xml", _OURS.encode(), _OWNER),
        _users(setup.credentials.user, setup.credentials.password.reveal()),
    )


def _ask(
    setup: Setup,
    statement: str,
    *,
    answer: str | None = None,
    password: str | None = None,
    files: tuple[File, ...] = (),
    within: float = 0.0,
) -> Command:
    return Command(
        ("clickhouse-client", "--host=127.0.0.1", f"--user={setup.credentials.user}", f"--query={statement}"),
        environment={"CLICKHOUSE_PASSWORD": setup.credentials.password.reveal() if password is None else password},
        answer=answer,
        files=files,
        within=within,
    )


def _change_password(setup: Setup, new: Secret) -> Command:
    # The server looks every few seconds whether its files have changed. A restart finds the file too.
    changed = (_users(setup.credentials.user, new.reveal()),)
    return _ask(setup, "SELECT 1", answer="1", password=new.reveal(), files=changed, within=30.0)


def _dump(setup: Setup) -> Dump:
    return Dump(
        Command(("cat", _BACKUP)),
        before=(
            Command(("rm", "-f", _BACKUP)),
            _ask(setup, f"BACKUP ALL EXCEPT DATABASES {_SYSTEM} TO File('{_BACKUP}')"),
        ),
        after=(Command(("rm", "-f", _BACKUP)),),
        suffix="zip",
    )


def _restore(setup: Setup) -> StreamedRestore:
    return StreamedRestore(
        Command(("dd", "bs=1M", "status=none", f"of={_BACKUP}")),
        before=(Command(("mkdir", "-p", _BACKUPS)),),
        after=(_ask(setup, f"RESTORE ALL FROM File('{_BACKUP}')"), Command(("rm", "-f", _BACKUP))),
    )


CLICKHOUSE = Kind(
    title="ClickHouse",
    repository="docker.io/clickhouse/clickhouse-server",
    versions=("25.8", "25.3", "24.8"),
    default_version="25.8",
    may_follow=upwards,
    port=9000,
    user="app",
    database="default",
    database_is_fixed=True,
    refused_names="default",
    owner=_OWNER,
    data_path=lambda version: "/var/lib/clickhouse",
    stop_signal="SIGTERM",
    stop_grace=60.0,
    variables=lambda setup: {"CLICKHOUSE_SKIP_USER_SETUP": "1"},
    reserved_variables=("CLICKHOUSE_",),
    files=_files,
    ready=lambda setup: _ask(setup, "SELECT 1", answer="1"),
    login=lambda setup: _ask(setup, "SELECT 1", answer="1"),
    change_password=_change_password,
    dump=_dump,
    restore=_restore,
    contents=lambda setup: _ask(setup, _CONTENTS),
    connection_string=url("clickhouse", tls_query={"secure": "true"}),
    check_configuration=checker(
        xml_names,
        *("access_control_path", "backups", "include_from", "interserver_http_host", "listen_host", "path"),
        *("tcp_port", "tmp_path", "user_directories", "user_files_path", "users", "users_config"),
    ),
)
