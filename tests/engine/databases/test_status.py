"""What is said of a database, by what is wanted and what Docker last told."""

from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import (
    Database,
    DatabaseContainer,
    DatabaseKind,
    DatabaseProblem,
    DatabaseStatus,
    DesiredState,
    Environment,
    Event,
    Project,
    Server,
    ServerState,
    Team,
)
from db.sessions import Sessions
from engine.databases.status import settle_database


async def make(sessions: Sessions, **container: Any) -> str:
    """The id of a database with this container."""

    def write(session: Session) -> str:
        server, team = Server(name="local", state=ServerState.REACHABLE), Team(name="us")
        session.add_all([server, team])
        session.flush()
        project = Project(team_id=team.id, name="shop")
        session.add(project)
        session.flush()
        environment = Environment(team_id=team.id, project_id=project.id, name="production")
        session.add(environment)
        session.flush()
        database = Database(
            environment_id=environment.id,
            server_id=server.id,
            name="db",
            kind=DatabaseKind.REDIS,
            version="7.0",
            username="",
            database_name="",
            password="",
        )
        session.add(database)
        session.flush()
        if container:
            row: dict[str, Any] = {
                "id": "c",
                "name": "wharf-db",
                "server_id": server.id,
                "database_id": database.id,
                **container,
            }
            session.add(DatabaseContainer(**row))
        return database.id

    return await sessions.write(write)


async def settled(sessions: Sessions, database_id: str, **changes: object) -> Database:
    """The database, after it was changed."""

    def write(session: Session) -> Database:
        database = session.get_one(Database, database_id)
        container = session.exec(select(DatabaseContainer)).first()
        for name, value in changes.items():
            setattr(container if name in ("state", "ready", "health") else database, name, value)
        session.add_all(filter(None, (database, container)))
        settle_database(session, database_id)
        return database

    return await sessions.write(write)


@pytest.mark.parametrize(
    ("container", "changes", "status"),
    [
        ({}, {}, DatabaseStatus.STARTING),
        ({}, {"problem": DatabaseProblem.EXITED}, DatabaseStatus.FAILING),
        ({"state": "running"}, {}, DatabaseStatus.STARTING),
        ({"state": "running", "ready": True}, {}, DatabaseStatus.RUNNING),
        ({"state": "running", "ready": True}, {"restart_wanted": True}, DatabaseStatus.STARTING),
        ({"state": "running", "ready": True}, {"desired": DesiredState.STOPPED}, DatabaseStatus.STOPPING),
        ({"state": "exited"}, {"desired": DesiredState.STOPPED}, DatabaseStatus.STOPPED),
        ({"state": "running", "ready": True}, {"desired": DesiredState.REMOVED}, DatabaseStatus.REMOVING),
    ],
)
async def test_the_status_follows_from_what_is_wanted_and_what_is(
    sessions: Sessions, container: dict[str, object], changes: dict[str, object], status: DatabaseStatus
) -> None:
    database_id = await make(sessions, **container)
    assert (await settled(sessions, database_id, **changes)).status is status


async def test_one_that_does_not_answer_any_more_is_failing_until_it_does(sessions: Sessions) -> None:
    database_id = await make(sessions, state="running", ready=True)
    ill = await settled(sessions, database_id, health="unhealthy")
    assert (ill.status, ill.problem) == (DatabaseStatus.FAILING, DatabaseProblem.UNHEALTHY)
    well = await settled(sessions, database_id, health="healthy")
    assert (well.status, well.problem) == (DatabaseStatus.RUNNING, None)
    told = await sessions.read(lambda session: [event.data for event in session.exec(select(Event))])
    assert [each["problem"] for each in told] == ["UNHEALTHY", None]
