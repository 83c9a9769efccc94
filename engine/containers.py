"""What we remember of the containers of applications: as Docker last described them."""

from sqlmodel import Session

from db.models import Application, Container, EventKind
from engine import labels
from engine.docker.values import ContainerFacts
from engine.observed import take_in, take_in_end
from engine.status import record_about, settle_status


def remember_container(session: Session, server_id: str, facts: ContainerFacts, passed: bool = False) -> str | None:
    """Write what Docker says of a container of an application, and whether it has `passed` its check just now.

    The application's id if something changed.
    """
    application_id = facts.labels.get(labels.APPLICATION, "")
    application = session.get(Application, application_id)
    row = session.get(Container, facts.id)
    if application is None:
        return None
    if row is None:
        row = Container(
            id=facts.id,
            name=facts.name,
            server_id=server_id,
            application_id=application_id,
            release_id=facts.labels.get(labels.RELEASE, ""),
            replica=int(facts.labels.get(labels.REPLICA, "0")),
            state="",
        )
    news = take_in(row, facts, passed)
    session.add(row)
    if not news:
        return None
    record_container(session, application, row)
    settle_status(session, application_id)
    return application_id


def container_ended(session: Session, container_id: str, exit_code: int) -> str | None:
    """Note that a container does not run; its application's id if that is news."""
    row = session.get(Container, container_id)
    if row is None or not take_in_end(row, exit_code):
        return None
    session.add(row)
    record_container(session, session.get_one(Application, row.application_id), row)
    settle_status(session, row.application_id)
    return row.application_id


def forget_container(session: Session, container_id: str) -> str | None:
    """Drop a container that Docker no longer has; its application's id if we knew it."""
    row = session.get(Container, container_id)
    if row is None:
        return None
    application = session.get(Application, row.application_id)
    session.delete(row)
    if application is not None:
        row.state, row.ready = "removed", False
        record_container(session, application, row)
        settle_status(session, application.id)
    return row.application_id


def record_container(session: Session, application: Application, row: Container) -> None:
    record_about(
        session,
        EventKind.CONTAINER_STATE,
        application,
        noun="Container",
        noun_id=row.id,
        data={
            "name": row.name,
            "replica": row.replica,
            "releaseId": row.release_id,
            "state": row.state,
            "ready": row.ready,
            "health": row.health,
            "exitCode": row.exit_code,
            "outOfMemory": row.out_of_memory,
        },
    )
