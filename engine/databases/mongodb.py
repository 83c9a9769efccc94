"""MongoDB, as the official image runs it."""

import json

from engine.archives import File
from engine.databases.configuration import checker, yaml_names
from engine.databases.connection_strings import url
from engine.databases.kinds import Command, Dump, Kind, Setup, StreamedRestore
from engine.databases.scram import saslprep
from engine.databases.versions import stepwise
from engine.errors import InvalidInput
from engine.secrets import Secret

_OWNER = 999
_CONFIGURATION = "/etc/wharf/configuration.yaml"
_TOOLS = "/etc/wharf/tools.yaml"
_CONNECT = 'const admin = connect(process.env.WHARF_URI).getSiblingDB("admin");'
_SETTINGS = "print(admin.runCommand({getCmdLineOpts: 1}).parsed.security?.authorization)"
_CHANGE = 'admin.changeUserPassword(process.env.WHARF_USER, process.env.WHARF_NEW_PASSWORD); print("changed")'
_CONTENTS = """\
for (const {name} of admin.adminCommand({listDatabases: 1, nameOnly: true}).databases.sort())
  if (!["admin", "config", "local"].includes(name))
    for (const collection of admin.getSiblingDB(name).getCollectionNames().sort())
      print(`${name}.${collection}|${admin.getSiblingDB(name).getCollection(collection).countDocuments({})}`)"""

_address = url("mongodb", query={"authSource": "admin"}, tls_query={"tls": "true"})
_own_address = url("mongodb", query={"authSource": "admin", "directConnection": "true"}, path="admin")


def _uri(setup: Setup) -> str:
    return _own_address(setup, "127.0.0.1", 27017, False)


def _shell(setup: Setup, script: str, answer: str | None, **environment: str) -> Command:
    return Command(
        ("mongosh", "--nodb", "--norc", "--quiet", "--eval", f"{_CONNECT} {script}"),
        environment={"WHARF_URI": _uri(setup), **environment},
        answer=answer,
    )


def _command(setup: Setup) -> tuple[str, ...]:
    # The image's first start stumbles over a configuration without content.
    configuration = ("--config", _CONFIGURATION) if setup.configuration.strip() else ()
    return ("mongod", "--auth", "--bind_ip_all", *configuration)


def _files(setup: Setup) -> tuple[File, ...]:
    return (File(_CONFIGURATION, f"{setup.configuration}\n".encode(), _OWNER),)


def _first_files(setup: Setup) -> tuple[File, ...]:
    credentials = setup.credentials
    account = json.dumps({"user": credentials.user, "pwd": credentials.password.reveal(), "roles": ["root"]})
    script = f'db.getSiblingDB("admin").createUser({account});\n'
    return (File("/docker-entrypoint-initdb.d/wharf.js", script.encode(), _OWNER),)


def _tool(setup: Setup, *arguments: str) -> Command:
    # Its tools read a password from the command line, a terminal or a file. JSON is YAML.
    configuration = json.dumps({"uri": _uri(setup)}).encode()
    return Command((*arguments, f"--config={_TOOLS}"), files=(File(_TOOLS, configuration),))


_TIDY = (Command(("rm", "-f", _TOOLS)),)


def _restore(setup: Setup) -> StreamedRestore:
    """Without the accounts: those made by hand have to be made again."""
    return StreamedRestore(_tool(setup, "mongorestore", "--archive", "--nsExclude=admin.*"), after=_TIDY)


def _settle(setup: Setup) -> tuple[Command, ...]:
    # Without it, the version after this one would not open the data.
    confirmed = "" if setup.version < "7" else ", confirm: true"
    script = f'print(admin.runCommand({{setFeatureCompatibilityVersion: "{setup.version}"{confirmed}}}).ok)'
    return (_shell(setup, script, "1"),)


def _check_password(password: Secret) -> None:
    if saslprep(password.reveal()) is None:
        raise InvalidInput(
            "MongoDB cannot keep this password: it takes none with line breaks or other characters for control, "
            "nor what SASLprep (RFC 4013) prohibits.",
            field=("input", "password"),
        )


MONGODB = Kind(
    title="MongoDB",
    repository="docker.io/library/mongo",
    versions=("8.0", "7.0", "6.0"),
    default_version="8.0",
    may_follow=stepwise("6.0", "7.0", "8.0"),
    port=27017,
    user="app",
    database="app",
    refused_names="admin|config|local|__system",
    owner=_OWNER,
    data_path=lambda version: "/data/db",
    stop_signal="SIGTERM",
    stop_grace=120.0,
    variables=lambda setup: {"MONGO_INITDB_DATABASE": setup.credentials.database},
    reserved_variables=("MONGO_INITDB_",),
    command=_command,
    files=_files,
    first_files=_first_files,
    # While it is being initialised, the server answers too, but asks nobody for a password.
    ready=lambda setup: _shell(setup, _SETTINGS, "enabled"),
    login=lambda setup: _shell(setup, "print(admin.runCommand({connectionStatus: 1}).ok)", "1"),
    change_password=lambda setup, new: _shell(
        setup, _CHANGE, "changed", WHARF_USER=setup.credentials.user, WHARF_NEW_PASSWORD=new.reveal()
    ),
    dump=lambda setup: Dump(_tool(setup, "mongodump", "--archive"), after=_TIDY, suffix="archive"),
    restore=_restore,
    contents=lambda setup: _shell(setup, _CONTENTS, None),
    connection_string=_address,
    check_password=_check_password,
    check_configuration=checker(
        yaml_names,
        *("net.bindIp", "net.bindIpAll", "net.port", "net.unixDomainSocket", "processManagement", "security"),
        *("storage.dbPath", "systemLog.destination", "systemLog.path", "replication", "sharding"),
    ),
    after_version_change=_settle,
)
