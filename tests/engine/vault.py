"""An installation with many secrets, and what opens them: nothing but the key file and the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlmodel import Session, select

from db.models import Application, Database, DatabaseKind, Environment, EnvironmentVariable, Project, Team, now
from db.sealed import place_of, sealed_columns
from db.sessions import Sessions
from engine.instance import identify, unlock
from engine.key_ring import KEY_FILE, KeyRing
from engine.secrets import Cipher, Secret, key_named_in
from engine.servers import the_server

PASSWORD, NEXT = "the database's password", "the one to come"


async def fill(directory: Path, count: int) -> None:
    """Make an installation of what is migrated there, with so many secret variables and some other secrets."""
    with closing(Sessions(f"sqlite:///{directory / 'wharf.db'}")) as sessions:
        cipher = sessions.read_now(unlock, KeyRing(directory / KEY_FILE))
        await sessions.write(identify, cipher)
        await sessions.write(_fill, cipher, count)


def _fill(session: Session, cipher: Cipher, count: int) -> None:
    team_id, server = session.exec(select(Team.id)).one(), the_server(session)
    project = Project(team_id=team_id, name="shop")
    environment = Environment(team_id=team_id, project_id=project.id, name="production")
    application = Application(environment_id=environment.id, server_id=server.id, name="web", image="nginx")
    for row in (project, environment, application):
        session.add(row)
        session.flush()
    for number in range(count):
        name = f"SECRET_{number}"
        value = EnvironmentVariable(application_id=application.id, name=name, value="", secret=True, created_at=now())
        value.value = _sealed(cipher, value, "value", f"value {number}")
        session.add(value)
    database = Database(
        environment_id=environment.id,
        server_id=server.id,
        name="db",
        kind=DatabaseKind.POSTGRESQL,
        version="18",
        username="app",
        database_name="app",
        password="",
    )
    database.password = _sealed(cipher, database, "password", PASSWORD)
    database.next_password = _sealed(cipher, database, "next_password", NEXT)
    session.add(database)


def _sealed(cipher: Cipher, row: EnvironmentVariable | Database, column: str, text: str) -> str:
    return cipher.encrypt(Secret(text), place_of(type(row), column, row.id))


def every_secret(directory: Path, given: Secret | None = None) -> dict[str, str]:
    """The secrets in an installation by their places. Raises `SecretUnreadable` for one that no key there opens."""
    cipher = Cipher(*KeyRing(directory / KEY_FILE, given).keys)
    return {place: cipher.decrypt(token, place).reveal() for place, token in _tokens(directory).items()}


def keys_in_use(directory: Path) -> set[str]:
    """The ids of the keys that the secrets rest on."""
    return set(map(key_named_in, _tokens(directory).values()))


def keys_kept(directory: Path) -> set[str]:
    """The ids of the keys in the file."""
    return {key.id for key in KeyRing(directory / KEY_FILE).kept}


def damage_a_secret(directory: Path) -> None:
    """Have one of the variables hold what no key opens."""
    with closing(sqlite3.connect(directory / "wharf.db")) as connection, connection:
        broken = "substr(value, 1, 12) || 'AAAA' || substr(value, 17)"
        connection.execute(f"UPDATE environment_variable SET value = {broken} WHERE name = 'SECRET_0'")


def _tokens(directory: Path) -> dict[str, str]:
    with closing(sqlite3.connect(directory / "wharf.db")) as connection:
        return {
            place.format(id=id): token
            for model, column, place in sealed_columns()
            for id, token in connection.execute(f'SELECT id, "{column}" FROM "{model.__tablename__}"')
            if token is not None
        }
