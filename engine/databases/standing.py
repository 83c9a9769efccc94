"""Databases that something can be asked of, and those that are gone."""

from sqlmodel import Session, col, delete, select

from db.models import Application, Database, DatabaseContainer, DatabaseLink, DesiredState, EventKind
from engine.databases.status import record_about_database
from engine.errors import NameTaken, NotFound, NotNow

_DATABASE = ("input", "databaseId")


def standing_database(session: Session, database_id: str) -> Database:
    """The database, unless it is not there or about to go. Raises `NotFound`, `NotNow`."""
    database = session.get(Database, database_id)
    if database is None:
        raise NotFound("There is no such database.", field=_DATABASE)
    if database.desired is DesiredState.REMOVED:
        raise NotNow(f"{database.name} is being removed.", field=_DATABASE)
    return database


def name_free(session: Session, environment_id: str, name: str) -> None:
    """Raises `NameTaken`: everything in an environment is found by its name, whatever it is."""
    with session.no_autoflush:
        for table, noun in ((Application, "an application"), (Database, "a database")):
            same = select(table.id).where(col(table.environment_id) == environment_id, col(table.name) == name)
            if session.exec(same).first():
                raise NameTaken(f"The environment has {noun} named {name} already.", field=("input", "name"))


def forget_database(session: Session, database_id: str) -> None:
    """Delete everything we remember of a database but its events, its dumps and what became of its restores."""
    database = session.get_one(Database, database_id)
    record_about_database(session, EventKind.REMOVED, database, data={"name": database.name})
    session.flush()
    for table in (DatabaseLink, DatabaseContainer):
        session.exec(delete(table).where(col(table.database_id) == database_id))
    session.delete(database)
