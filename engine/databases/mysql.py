"""MySQL and MariaDB, as their official images run them.

Both have one account of ours with all rights, made at the first initialisation. MariaDB's root signs in through the
socket of the container only, as the operating system's root, so that no password is needed to mend things.
"""

import base64
import hashlib
import hmac

from engine.archives import File
from engine.databases.configuration import checker, section_lines
from engine.databases.connection_strings import url
from engine.databases.kinds import Command, Dump, Kind, Setup, StreamedRestore
from engine.databases.versions import stepwise, unchanged, upwards
from engine.errors import InvalidInput
from engine.proxy.tcp.spec import Opening
from engine.secrets import Secret

_OWNER = 999
_FIRST_SQL = "/docker-entrypoint-initdb.d/wharf.sql"
_CONFIGURATION = "/etc/mysql/conf.d/wharf.cnf"
_ROOT_PASSWORD = "/etc/wharf/root-password"
_DUMP = (
    *("--all-databases", "--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob"),
    "--default-character-set=utf8mb4",
)
_CONTENTS = """
SELECT table_schema, COUNT(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE'
AND table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') GROUP BY 1 ORDER BY 1;
"""
_SETTINGS_OF_OURS = (
    *("basedir", "bind_address", "datadir", "grant_tables", "init_connect", "init_file", "log_error", "networking"),
    *("pid_file", "plugin_dir", "port", "socket", "user", "plugin_load", "plugin_load_add", "chroot", "daemonize"),
)


def _account(setup: Setup, identified: str) -> str:
    account = f"'{setup.credentials.user}'@'%'"
    return (
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED {identified};\n"
        f"ALTER USER {account} IDENTIFIED {identified};\n"
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
    )


def _configuration(setup: Setup) -> tuple[File, ...]:
    return (File(_CONFIGURATION, f"{setup.configuration}\n".encode(), _OWNER),)


# --- MariaDB -------------------------------------------------------------------------------------------


def mariadb_hash(password: str) -> str:
    """What MariaDB keeps in place of a password; every client there is can answer its challenge."""
    return "*" + hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()


def _by_hash(password: str) -> str:
    return f"VIA mysql_native_password USING '{mariadb_hash(password)}'"


def _mariadb(*arguments: str) -> tuple[str, ...]:
    return ("mariadb", "--no-defaults", "--batch", "--skip-column-names", *arguments)


def _as_root(statements: str, answer: str | None = None) -> Command:
    return Command(_mariadb("--user=root"), standard_input=statements.encode(), answer=answer)


def _mariadb_accounts(setup: Setup) -> str:
    root = "ALTER USER 'root'@'localhost' IDENTIFIED VIA unix_socket;\n"
    return _account(setup, _by_hash(setup.credentials.password.reveal())) + root


def _mariadb_first_files(setup: Setup) -> tuple[File, ...]:
    return (File(_FIRST_SQL, _mariadb_accounts(setup).encode(), _OWNER),)


def _mariadb_login(setup: Setup) -> Command:
    return Command(
        _mariadb("--protocol=tcp", "--host=127.0.0.1", f"--user={setup.credentials.user}", "--execute=SELECT 1"),
        environment={"MYSQL_PWD": setup.credentials.password.reveal()},
        answer="1",
    )


def _mariadb_change_password(setup: Setup, new: Secret) -> Command:
    return _as_root(f"ALTER USER '{setup.credentials.user}'@'%' IDENTIFIED {_by_hash(new.reveal())};\n")


def _mariadb_restore(setup: Setup) -> StreamedRestore:
    # A dump holds the accounts of its time. They count from FLUSH on; ours is as it is wanted at once.
    mended = "FLUSH PRIVILEGES;\n" + _mariadb_accounts(setup)
    return StreamedRestore(Command(_mariadb("--user=root", "--binary-mode")), after=(_as_root(mended),))


MARIADB = Kind(
    title="MariaDB",
    repository="docker.io/library/mariadb",
    versions=("12.0", "11.8", "11.4", "10.11", "10.6"),
    default_version="11.8",
    may_follow=upwards,
    may_read=unchanged,  # the system's own tables are in the dump
    port=3306,
    opening=Opening.SERVER_SPEAKS,
    user="app",
    database="app",
    refused_names=r"root|mysql|sys|healthcheck|.*_schema|PUBLIC",
    owner=_OWNER,
    data_path=lambda version: "/var/lib/mysql",
    stop_signal="SIGTERM",
    stop_grace=120.0,
    variables=lambda setup: {
        # Until the first SQL of ours has run, and only on the socket in the container: see `_mariadb_first_files`.
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "1",
        "MARIADB_AUTO_UPGRADE": "1",
        "MARIADB_DATABASE": setup.credentials.database,
        "MARIADB_ROOT_HOST": "localhost",
    },
    reserved_variables=("MARIADB_", "MYSQL_"),
    files=_configuration,
    first_files=_mariadb_first_files,
    # While it is being initialised, the server answers too, but without a network.
    ready=lambda setup: _as_root("SELECT @@skip_networking;\n", answer="0"),
    login=_mariadb_login,
    change_password=_mariadb_change_password,
    dump=lambda setup: Dump(Command(("mariadb-dump", "--no-defaults", "--user=root", *_DUMP)), suffix="sql"),
    restore=_mariadb_restore,
    contents=lambda setup: _as_root(_CONTENTS),
    connection_string=url("mysql", tls_query={"ssl-mode": "REQUIRED"}),
    check_configuration=checker(section_lines("mysqld", "mariadb", "server"), *_SETTINGS_OF_OURS),
)


# --- MySQL -----------------------------------------------------------------------------------------------


def _by_password(password: str) -> str:
    return f"BY {mysql_string(password)}"


def mysql_string(text: str) -> str:
    """A string literal, read right under the SQL mode that is set before it."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z"}
    return "'" + "".join(escapes.get(c, c) for c in text) + "'"


def _as_ours(setup: Setup, statements: str | None, *arguments: str, answer: str | None = None) -> Command:
    return Command(
        _mysql(setup, "--batch", "--skip-column-names", *arguments),
        environment={"MYSQL_PWD": setup.credentials.password.reveal()},
        standard_input=None if statements is None else _with_modes(statements).encode(),
        answer=answer,
    )


def _with_modes(statements: str) -> str:
    return f"SET SESSION sql_mode = '';\nSET NAMES utf8mb4;\n{statements}"


def _mysql(setup: Setup, *arguments: str, program: str = "mysql") -> tuple[str, ...]:
    place = ("--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--user={setup.credentials.user}")
    return (program, *place, *arguments)


def _mysql_first_files(setup: Setup) -> tuple[File, ...]:
    # The image wants a password for its root, who can only come from inside. Nobody needs to know it.
    secret = hmac.digest(setup.credentials.password.reveal().encode(), b"wharf:mysql:root", "sha256")
    statements = _with_modes(_account(setup, _by_password(setup.credentials.password.reveal())))
    return (
        File(_FIRST_SQL, statements.encode(), _OWNER),
        File(_ROOT_PASSWORD, base64.urlsafe_b64encode(secret).rstrip(b"="), _OWNER),
    )


def _mysql_change_password(setup: Setup, new: Secret) -> Command:
    return _as_ours(setup, f"ALTER USER '{setup.credentials.user}'@'%' IDENTIFIED {_by_password(new.reveal())};\n")


def _mysql_dump(setup: Setup) -> Dump:
    arguments = _mysql(setup, *_DUMP, "--set-gtid-purged=OFF", program="mysqldump")
    return Dump(Command(arguments, environment={"MYSQL_PWD": setup.credentials.password.reveal()}), suffix="sql")


def _mysql_restore(setup: Setup) -> StreamedRestore:
    """The accounts of the dump count from FLUSH on; until then the password of now is the right one."""
    mended = "FLUSH PRIVILEGES;\n" + _account(setup, _by_password(setup.credentials.password.reveal()))
    return StreamedRestore(_as_ours(setup, None, "--binary-mode"), after=(_as_ours(setup, mended),))


def _mysql_check_password(password: Secret) -> None:
    if any(ord(c) > 0xFFFF for c in password.reveal()):
        sentence = "MySQL cannot keep characters beyond U+FFFF, like emoji, in a password."
        raise InvalidInput(sentence, field=("input", "password"))


MYSQL = Kind(
    title="MySQL",
    repository="docker.io/library/mysql",
    versions=("9.4", "8.4", "8.0"),
    default_version="8.4",
    may_follow=stepwise("8.0", "8.4", "9.4"),
    may_read=unchanged,  # the system's own tables are in the dump
    port=3306,
    opening=Opening.SERVER_SPEAKS,
    user="app",
    database="app",
    refused_names=r"root|mysql|sys|.*_schema|mysql\..*",
    owner=_OWNER,
    data_path=lambda version: "/var/lib/mysql",
    stop_signal="SIGTERM",
    stop_grace=120.0,
    variables=lambda setup: {
        "MYSQL_DATABASE": setup.credentials.database,
        "MYSQL_ROOT_HOST": "localhost",
        "MYSQL_ROOT_PASSWORD_FILE": _ROOT_PASSWORD,
    },
    reserved_variables=("MYSQL_",),
    files=_configuration,
    first_files=_mysql_first_files,
    # The server is alive for this also where the password is wrong. While it is being initialised, it has no TCP.
    ready=lambda setup: Command(
        _mysql(setup, "--connect-timeout=10", "ping", program="mysqladmin"),
        environment={"MYSQL_PWD": setup.credentials.password.reveal()},
    ),
    login=lambda setup: _as_ours(setup, None, "--execute=SELECT 1", answer="1"),
    change_password=_mysql_change_password,
    dump=_mysql_dump,
    restore=_mysql_restore,
    contents=lambda setup: _as_ours(setup, _CONTENTS),
    connection_string=url("mysql", tls_query={"ssl-mode": "REQUIRED"}),
    check_password=_mysql_check_password,
    check_configuration=checker(section_lines("mysqld", "server"), *_SETTINGS_OF_OURS),
)
