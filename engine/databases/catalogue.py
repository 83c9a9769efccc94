"""The catalogue: every kind of database that we know how to run. Adding a kind is adding an entry."""

import re
import secrets
from collections.abc import Mapping

from db.models.database_kinds import DatabaseKind
from engine.archives import File, tar_of
from engine.databases.clickhouse import CLICKHOUSE
from engine.databases.couchdb import COUCHDB
from engine.databases.kinds import Credentials, Kind, Setup
from engine.databases.mongodb import MONGODB
from engine.databases.mysql import MARIADB, MYSQL
from engine.databases.postgresql import POSTGRESQL
from engine.databases.redis import DRAGONFLY, KEYDB, REDIS, VALKEY
from engine.errors import InvalidInput
from engine.names import shown
from engine.secrets import Secret

CATALOGUE: Mapping[DatabaseKind, Kind] = {
    DatabaseKind.POSTGRESQL: POSTGRESQL,
    DatabaseKind.MYSQL: MYSQL,
    DatabaseKind.MARIADB: MARIADB,
    DatabaseKind.MONGODB: MONGODB,
    DatabaseKind.REDIS: REDIS,
    DatabaseKind.VALKEY: VALKEY,
    DatabaseKind.KEYDB: KEYDB,
    DatabaseKind.DRAGONFLY: DRAGONFLY,
    DatabaseKind.CLICKHOUSE: CLICKHOUSE,
    DatabaseKind.COUCHDB: COUCHDB,
}

FILES_DIRECTORY = "/etc/wharf"
MAX_PASSWORD_BYTES = 255  # the least that every one of the servers and clients takes
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}")


def image(kind: Kind, version: str, prefix: str | None = None) -> str:
    """The image to run; with a prefix ("wharf.local"), the one of the same name and tag there."""
    repository = f"{prefix}/{kind.repository.rpartition('/')[2]}" if prefix else kind.repository
    return f"{repository}:{kind.tag(version)}"


def new_credentials(kind: Kind, user: str | None = None, database: str | None = None) -> Credentials:
    """The defaults of the kind where nothing else is asked for, and a password of 32 characters safe in addresses."""
    return Credentials(
        kind.user if user is None else user,
        Secret(secrets.token_urlsafe(24)),
        kind.database if database is None else database,
    )


def container_files(kind: Kind, setup: Setup, *, first: bool) -> bytes:
    """A tar for the root of a container that is made and not yet started.

    `first`: the database was never ready with this volume.
    """
    files: tuple[File, ...] = kind.files(setup) + (kind.first_files(setup) if first else ())
    return tar_of(files, made=(FILES_DIRECTORY,))


def check_setup(kind: Kind, setup: Setup) -> None:
    """Raises InvalidInput for what cannot be, naming the field: version, user, database, password, configuration."""
    _check_version(kind, setup.version)
    _check_names(kind, setup.credentials)
    check_password(kind, setup.credentials.password)
    kind.check_configuration(setup.configuration)


def check_following(kind: Kind, data: str, version: str) -> None:
    """Raises InvalidInput when `version` cannot open what the version `data` has written."""
    _check_version(kind, version)
    if not kind.may_follow(data, version):
        possible = [other for other in kind.versions if other != data and kind.may_follow(data, other)]
        hint = (
            f"it can go on to {', '.join(possible)}" if possible else "dump it, and restore the dump into a new one"
        )
        sentence = f"{kind.title} {version} cannot open the data of version {data}: {hint}."
        raise InvalidInput(sentence, field=("input", "version"))


def check_password(kind: Kind, password: Secret) -> None:
    """Raises InvalidInput for a password that the server, its clients or the way to them cannot hold."""
    text = password.reveal()
    if not 1 <= len(text.encode("utf-8", "surrogatepass")) <= MAX_PASSWORD_BYTES:
        raise InvalidInput(f"A password has 1 to {MAX_PASSWORD_BYTES} bytes.", field=("input", "password"))
    if any(c == "\0" or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise InvalidInput(
            "The password holds a NUL or half a character, which is no text.", field=("input", "password")
        )
    kind.check_password(password)


def check_variables(kind: Kind, names: Mapping[str, str]) -> None:
    """Raises InvalidInput for a variable that would change what is ours to decide."""
    for name in names:
        if name.startswith(kind.reserved_variables):
            raise InvalidInput(f"{name} is set by Wharfinger and cannot be changed.", field=("input", "variables"))


def _check_version(kind: Kind, version: str) -> None:
    if version not in kind.versions:
        sentence = f"{kind.title} has no version {shown(version)} here; there are {', '.join(kind.versions)}."
        raise InvalidInput(sentence, field=("input", "version"))


def _check_names(kind: Kind, credentials: Credentials) -> None:
    for noun, field, given, default, fixed in (
        ("user", "username", credentials.user, kind.user, kind.user_is_fixed),
        ("database", "databaseName", credentials.database, kind.database, kind.database_is_fixed),
    ):
        if given == default:
            continue
        if fixed or not default:
            raise InvalidInput(f"The {noun} of {kind.title} cannot be chosen.", field=("input", field))
        if not _NAME.fullmatch(given) or re.fullmatch(kind.refused_names, given, re.IGNORECASE):
            raise InvalidInput(
                f"{shown(given)} cannot be the {noun} of {kind.title}: use up to 31 letters, digits, _ and -, "
                "no digit or hyphen first, and no name of the server's own.",
                field=("input", field),
            )
