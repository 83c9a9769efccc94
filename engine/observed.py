"""What Docker says of a container, set against what we remember of it: alike for containers of every kind."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from db.models import Container, DatabaseContainer, ObservedContainer, now
from engine import labels
from engine.docker.statustext import spoken_end, spoken_health
from engine.docker.values import ContainerFacts, ContainerState, ContainerSummary

_TABLES: tuple[type[ObservedContainer], ...] = (Container, DatabaseContainer)

_ON_SERVER = {table: select(table).where(col(table.server_id) == bindparam("server_id")) for table in _TABLES}

# How far the clock of a Docker engine may differ from ours before we rather look twice.
_CLOCKS_APART = timedelta(seconds=2)

# A change of these is an event; the rest is only remembered.
_TOLD = {"name", "state", "ready", "health", "exit_code", "out_of_memory", "restart_count"}


def take_in(row: ObservedContainer, facts: ContainerFacts, passed: bool) -> bool:
    """Bring the row up to date; whether that is news. `passed`: it has passed its check just now."""
    seen = _seen(facts, row, passed)
    changed = {name for name, value in seen.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, seen[name])
    row.observed_at = now()
    return bool(changed & _TOLD)


def take_in_end(row: ObservedContainer, exit_code: int) -> bool:
    """Note that a container does not run; whether that is news. Whether Docker starts it again is seen later."""
    if row.state == ContainerState.EXITED.value:
        return False
    # Without the moment of its end nobody takes it for known before it was looked at.
    row.state, row.ready, row.exit_code, row.finished_at = ContainerState.EXITED.value, False, exit_code, None
    return True


def _seen(facts: ContainerFacts, row: ObservedContainer, passed: bool) -> dict[str, object]:
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


def to_look_at(session: Session, server_id: str, present: Iterable[ContainerSummary]) -> list[str]:
    """The ids of the containers that are not what we remember, of all that Docker has or we remember.

    Docker's list shows no start and no restart, but each start attaches a container anew: the same endpoint,
    the same start, whatever happened while we were not looking.
    """
    rows = {row.id: row for table in _TABLES for row in _on(session, table, server_id)}
    gone = rows.keys() - {summary.id for summary in present}
    moment = now()
    changed = (each.id for each in present if not _as_remembered(rows.get(each.id), each, moment))
    return [*changed, *gone]


def _as_remembered(row: ObservedContainer | None, summary: ContainerSummary, moment: datetime) -> bool:
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


def _ended_as_remembered(row: ObservedContainer, status: str, moment: datetime) -> bool:
    end = spoken_end(status)
    if end is None or row.finished_at is None:
        return False
    exit_code, age = end
    earliest, latest = moment - age.most - _CLOCKS_APART, moment - age.least + _CLOCKS_APART
    return exit_code == row.exit_code and earliest <= row.finished_at <= latest


def is_ready(session: Session, container_id: str) -> bool:
    """Whether we know this container, and it serves."""
    return any((row := session.get(table, container_id)) is not None and row.ready for table in _TABLES)


def states(session: Session, server_id: str) -> dict[str, str]:
    """The state that we remember of each container on a server, by its id."""
    found: dict[str, str] = {}
    for table in _TABLES:
        query = select(col(table.id), col(table.state)).where(col(table.server_id) == server_id)
        found.update(session.exec(query).all())
    return found


def _on(session: Session, table: type[ObservedContainer], server_id: str) -> Iterable[ObservedContainer]:
    return session.exec(_ON_SERVER[table], params={"server_id": server_id})
