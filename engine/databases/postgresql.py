"""PostgreSQL, as the official image runs it."""

from engine.archives import File
from engine.databases.configuration import checker, settings_lines
from engine.databases.connection_strings import url
from engine.databases.kinds import Command, Dump, Kind, Setup, StreamedRestore
from engine.databases.scram import scram_verifier
from engine.databases.versions import unchanged
from engine.proxy.tcp.spec import Opening
from engine.secrets import Secret

_OWNER = 999
_DIRECTORY = "/etc/wharf"
_TABLES = """
SELECT format('%s.%s', table_schema, table_name), (xpath('/row/n/text()', query_to_xml(
    format('SELECT count(*) AS n FROM %I.%I', table_schema, table_name), false, true, '')))[1]::text
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


def _mount(version: str) -> str:
    return "/var/lib/postgresql" if int(version) >= 18 else "/var/lib/postgresql/data"


def _data(version: str) -> str:
    return f"/var/lib/postgresql/{version}/docker" if int(version) >= 18 else "/var/lib/postgresql/data"


def _variables(setup: Setup) -> dict[str, str]:
    return {
        "PGDATA": _data(setup.version),
        "POSTGRES_DB": setup.credentials.database,
        "POSTGRES_HOST_AUTH_METHOD": "scram-sha-256",
        # Only the socket in the container lets in who asks no password: what comes over TCP always has to know it.
        "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256 --auth-local=trust",
        "POSTGRES_PASSWORD_FILE": f"{_DIRECTORY}/password",
        "POSTGRES_USER": setup.credentials.user,
    }


def _files(setup: Setup) -> tuple[File, ...]:
    ours = f"""\
include '{_data(setup.version)}/postgresql.conf'
include '{_DIRECTORY}/configuration.conf'
listen_addresses = '*'
port = 5432
"""
    return (
        File(f"{_DIRECTORY}/postgresql.conf", ours.encode(), _OWNER),
        File(f"{_DIRECTORY}/configuration.conf", f"{setup.configuration}\n".encode(), _OWNER),
    )


def _first_files(setup: Setup) -> tuple[File, ...]:
    # The server takes a verifier where a password is asked for, and a verifier is one line, whatever it verifies.
    credentials = setup.credentials
    verifier = scram_verifier(credentials.password.reveal(), credentials.user)
    return (File(f"{_DIRECTORY}/password", verifier.encode(), _OWNER),)


def _psql(setup: Setup, database: str, *arguments: str) -> tuple[str, ...]:
    return (
        *("psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"),
        *(f"--username={setup.credentials.user}", f"--dbname={database}", *arguments),
    )


def _ready(setup: Setup) -> Command:
    # Over TCP: while it is being initialised, the server listens on its socket only.
    return Command(("pg_isready", "--quiet", "--host=127.0.0.1", "--port=5432", "--dbname=postgres"))


def _login(setup: Setup) -> Command:
    return Command(
        _psql(setup, "postgres", "--host=127.0.0.1", "--no-password", "--command=SELECT 1"),
        environment={"PGPASSWORD": setup.credentials.password.reveal(), "PGCONNECT_TIMEOUT": "10"},
        answer="1",
    )


def _change_password(setup: Setup, new: Secret) -> Command:
    user = setup.credentials.user
    statement = f"ALTER ROLE \"{user}\" WITH LOGIN PASSWORD '{scram_verifier(new.reveal(), user)}';\n"
    return Command(_psql(setup, "postgres"), standard_input=statement.encode())


def _dump(setup: Setup) -> Dump:
    return Dump(Command(("pg_dumpall", f"--username={setup.credentials.user}", "--database=postgres")), suffix="sql")


def _restore(setup: Setup) -> StreamedRestore:
    """Into a new database, in which the dump finds its first role and its database already there."""
    user, database = setup.credentials.user, setup.credentials.database
    empty = ("dropdb", "--if-exists", "--force", f"--username={user}", "--maintenance-db=postgres", database)
    return StreamedRestore(
        Command(_psql(setup, "postgres", "--output=/dev/null")),
        before=() if database == "postgres" else (Command(empty),),
        left_out=tuple(
            f"{line.format(name)}".encode()
            for name in (user, f'"{user}"')
            for line in ("CREATE ROLE {};", "ALTER ROLE {} WITH ")
        ),
        left_out_until=b"\\connect ",
    )


def _contents(setup: Setup) -> Command:
    return Command(_psql(setup, setup.credentials.database), standard_input=_TABLES.encode())


POSTGRESQL = Kind(
    title="PostgreSQL",
    repository="docker.io/library/postgres",
    versions=("18", "17", "16", "15", "14"),
    default_version="18",
    may_follow=unchanged,  # another major does not read it: dump, and restore into a new one
    port=5432,
    opening=Opening.POSTGRESQL,
    user="postgres",
    database="postgres",
    refused_names="pg_.*|template[01]",
    owner=_OWNER,
    data_path=_mount,
    stop_signal="SIGINT",  # "fast": sessions are ended, then all is written; SIGTERM would wait for them to leave
    stop_grace=120.0,
    variables=_variables,
    reserved_variables=("POSTGRES_", "PG"),
    command=lambda setup: ("postgres", "-c", f"config_file={_DIRECTORY}/postgresql.conf"),
    files=_files,
    first_files=_first_files,
    ready=_ready,
    login=_login,
    change_password=_change_password,
    dump=_dump,
    restore=_restore,
    contents=_contents,
    connection_string=url("postgresql", tls_query={"sslmode": "require"}),
    check_configuration=checker(
        settings_lines,
        *("config_file", "data_directory", "external_pid_file", "hba_file", "ident_file", "include"),
        *("include_dir", "include_if_exists", "listen_addresses", "port", "unix_socket_directories"),
        *("unix_socket_group", "unix_socket_permissions", "logging_collector", "log_destination"),
    ),
)
