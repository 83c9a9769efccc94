"""What is said of a database: derived from what is wanted and what Docker last told us."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from db.models import (
    Database,
    DatabaseContainer,
    DatabaseProblem,
    DatabaseStatus,
    DesiredState,
    Environment,
    EventKind,
    Server,
    ServerState,
)
from engine.docker.values import ContainerHealth, ContainerState
from engine.events import record

HOLDING_ON = {ContainerState.RUNNING.value, ContainerState.RESTARTING.value, ContainerState.PAUSED.value}
"""The states of a container that has to be stopped."""


def settle_database(session: Session, database_id: str) -> None:
    """Bring the status of a database up to date, with an event if it changed.

    Belongs at the end of every transaction that touches what the status is made of.
    """
    session.flush()
    database = session.get(Database, database_id)
    if database is None:
        return
    container = container_of(session, database_id)
    _note_health(session, database, container)
    status = _derive_status(session, database, container)
    if status is database.status:
        return
    database.status = status
    session.add(database)
    problem = database.problem.value if database.problem else None
    data = {"status": status.value, "problem": problem, "message": database.problem_message}
    record_about_database(session, EventKind.DATABASE_STATUS, database, data=data)


def _note_health(session: Session, database: Database, container: DatabaseContainer | None) -> None:
    """A server that was ready may be well no more, as Docker's own check says it; and be well again."""
    ill = container is not None and container.ready and container.health == ContainerHealth.UNHEALTHY.value
    if ill and database.problem is None:
        database.problem, database.problem_message = DatabaseProblem.UNHEALTHY, "It does not answer any more."
    elif not ill and database.problem is DatabaseProblem.UNHEALTHY:
        database.problem, database.problem_message = None, ""
    session.add(database)


def settle_databases(session: Session, server_id: str) -> None:
    """As `settle_database`, for every database of a server."""
    for database_id in session.exec(select(Database.id).where(Database.server_id == server_id)).all():
        settle_database(session, database_id)


def _derive_status(session: Session, database: Database, container: DatabaseContainer | None) -> DatabaseStatus:
    """The status that the rows of this moment add up to."""
    if session.get_one(Server, database.server_id).state is ServerState.UNREACHABLE:
        return DatabaseStatus.UNREACHABLE
    match database.desired:
        case DesiredState.REMOVED:
            return DatabaseStatus.REMOVING
        case DesiredState.STOPPED:
            running = container is not None and container.state in HOLDING_ON
            return DatabaseStatus.STOPPING if running else DatabaseStatus.STOPPED
        case DesiredState.RUNNING:
            ready = container is not None and container.ready and not database.restart_wanted
            if ready and database.problem is not DatabaseProblem.UNHEALTHY:
                return DatabaseStatus.RUNNING
            return DatabaseStatus.FAILING if database.problem else DatabaseStatus.STARTING


def container_of(session: Session, database_id: str) -> DatabaseContainer | None:
    """The container that we remember of a database: the newest, while one takes the place of another."""
    query = select(DatabaseContainer).where(DatabaseContainer.database_id == database_id)
    return session.exec(query.order_by(col(DatabaseContainer.observed_at).desc())).first()


def record_about_database(
    session: Session,
    kind: EventKind,
    database: Database,
    *,
    noun: str = "Database",
    noun_id: str | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """Record an event about a database, or about a part of it."""
    environment = session.get_one(Environment, database.environment_id)
    record(
        session,
        kind,
        noun,
        noun_id or database.id,
        server_id=database.server_id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        database_id=database.id,
        data=dict(data or {}),
    )
