"""What we remember of the containers of databases: as Docker last described them."""

from sqlmodel import Session

from db.models import Database, DatabaseContainer, EventKind
from engine import labels
from engine.databases.status import record_about_database, settle_database
from engine.docker.values import ContainerFacts
from engine.observed import take_in, take_in_end


def remember_database_container(
    session: Session, server_id: str, facts: ContainerFacts, passed: bool = False
) -> str | None:
    """Write what Docker says of a database's container, and whether it has `passed` its check just now.

    The database's id if something changed.
    """
    database_id = facts.labels.get(labels.DATABASE, "")
    database = session.get(Database, database_id)
    if database is None:
        return None
    row = session.get(DatabaseContainer, facts.id) or DatabaseContainer(
        id=facts.id, name=facts.name, server_id=server_id, database_id=database_id, state=""
    )
    news = take_in(row, facts, passed)
    session.add(row)
    return _tell(session, database, row) if news else None


def database_container_ended(session: Session, container_id: str, exit_code: int) -> str | None:
    """Note that a container does not run; its database's id if that is news."""
    row = session.get(DatabaseContainer, container_id)
    if row is None or not take_in_end(row, exit_code):
        return None
    session.add(row)
    return _tell(session, session.get_one(Database, row.database_id), row)


def forget_database_container(session: Session, container_id: str) -> str | None:
    """Drop a container that Docker no longer has; its database's id if we knew it."""
    row = session.get(DatabaseContainer, container_id)
    if row is None:
        return None
    database = session.get(Database, row.database_id)
    session.delete(row)
    row.state, row.ready = "removed", False
    return _tell(session, database, row) if database is not None else None


def _tell(session: Session, database: Database, row: DatabaseContainer) -> str:
    data = {
        "name": row.name,
        "state": row.state,
        "ready": row.ready,
        "health": row.health,
        "exitCode": row.exit_code,
        "outOfMemory": row.out_of_memory,
    }
    record_about_database(
        session, EventKind.DATABASE_CONTAINER, database, noun="DatabaseContainer", noun_id=row.id, data=data
    )
    settle_database(session, database.id)
    return database.id
