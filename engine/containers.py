"""What we remember of containers: as Docker last described them, and whether they have proven themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, select

from db.models import Application, Container, EventKind, now
from engine import labels
from engine.docker.statustext import spoken_end, spoken_health
from engine.docker.values import ContainerFacts, ContainerState, ContainerSummary
from engine.status import record_about, settle_status

# How far the clock of a Docker engine may differ from ours before we rather look twice.
_CLOCKS_APART = timedelta(seconds=2)

# A change of these is an event; the rest is only remembered.
_TOLD = {"name", "state", "ready", "health", "exit_code", "out_of_memory", "restart_count"}


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
    seen = _seen(facts, row, passed)
    changed = {name for name, value in seen.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, seen[name])
    row.observed_at = now()
    session.add(row)
    if not changed & _TOLD:
        return None
    record_container(session, application, row)
    settle_status(session, application_id)
    return application_id


def _seen(facts: ContainerFacts, row: Container, passed: bool) -> dict[str, object]:
    running = facts.state is ContainerState.RUNNING
    network = labels.network_name(facts.labels.get(labels.ENVIRONMENT, ""))
    address = facts.addresses.get(network) or None
    proven = passed or (row.ready and row.started_at == facts.started_at)
    return {
        "name": facts.name,
        "state": facts.state.value,
        # A container that was started again has to prove itself again, and without an address nobody reaches it.
        "ready": proven and running and address is not None,
        "health": facts.health.value if facts.health else None,
        "exit_code": None if running else facts.exit_code,
        "out_of_memory": facts.out_of_memory,
        "error": facts.error,
        "restart_count": facts.restart_count,
        "address": address,
        "endpoint": facts.endpoints.get(network),
        "started_at": facts.started_at,
        "finished_at": facts.finished_at,
    }


def container_ended(session: Session, container_id: str, exit_code: int) -> str | None:
    """Note that a container does not run; its application's id if that is news.

    Whether Docker starts it again is seen later.
    """
    row = session.get(Container, container_id)
    if row is None or row.state == ContainerState.EXITED.value:
        return None
    # Without the moment of its end nobody takes it for known before it was looked at.
    row.state, row.ready, row.exit_code, row.finished_at = ContainerState.EXITED.value, False, exit_code, None
    session.add(row)
    record_container(session, session.get_one(Application, row.application_id), row)
    settle_status(session, row.application_id)
    return row.application_id


def to_look_at(session: Session, server_id: str, present: Iterable[ContainerSummary]) -> list[str]:
    """The ids of the containers that are not what we remember, of all that Docker has or we remember.

    Docker's list shows no start and no restart, but each start attaches a container anew: the same endpoint,
    the same start, whatever happened while we were not looking.
    """
    rows = {row.id: row for row in session.exec(select(Container).where(Container.server_id == server_id))}
    gone = rows.keys() - {summary.id for summary in present}
    moment = now()
    changed = (each.id for each in present if not _as_remembered(rows.get(each.id), each, moment))
    return [*changed, *gone]


def _as_remembered(row: Container | None, summary: ContainerSummary, moment: datetime) -> bool:
    if row is None or (row.name, row.state) != (summary.name, summary.state.value):
        return False
    match summary.state:
        case ContainerState.RUNNING | ContainerState.PAUSED:
            health = spoken_health(summary.status)
            network = labels.network_name(summary.labels.get(labels.ENVIRONMENT, ""))
            said = (summary.endpoints.get(network), health.value if health else None)
            return row.endpoint is not None and said == (row.endpoint, row.health)
        case ContainerState.EXITED:
            return _ended_as_remembered(row, summary.status, moment)
        case _:
            return False


def _ended_as_remembered(row: Container, status: str, moment: datetime) -> bool:
    end = spoken_end(status)
    if end is None or row.finished_at is None:
        return False
    exit_code, age = end
    earliest, latest = moment - age.most - _CLOCKS_APART, moment - age.least + _CLOCKS_APART
    return exit_code == row.exit_code and earliest <= row.finished_at <= latest


def is_ready(session: Session, container_id: str) -> bool:
    """Whether we know this container, and it serves."""
    row = session.get(Container, container_id)
    return row is not None and row.ready


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
