"""Whose containers are meant: those of an application, or the one of a database."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlmodel import Session, col, select

from db.models import Container, DatabaseContainer, Event, EventKind, ObservedContainer
from engine.events import EventFilter

Row = TypeVar("Row", bound=ObservedContainer)

_CHANGES = {EventKind.CONTAINER_STATE, EventKind.DATABASE_CONTAINER}


@dataclass(frozen=True, slots=True)
class ContainersOf(Generic[Row]):
    """The containers of one owner: where they are remembered, and the events that tell of them."""

    table: type[Row]
    owner: Any  # a column of the table
    owner_id: str
    events: EventFilter


def of_application(application_id: str) -> ContainersOf[Container]:
    """Those of the live or stopped release, and of one that is being deployed."""
    return ContainersOf(
        Container, Container.application_id, application_id, EventFilter(application_id=application_id)
    )


def of_database(database_id: str) -> ContainersOf[DatabaseContainer]:
    return ContainersOf(
        DatabaseContainer, DatabaseContainer.database_id, database_id, EventFilter(database_id=database_id)
    )


def rows_of(session: Session, containers: ContainersOf[Row]) -> list[Row]:
    """All of them, by name."""
    query = select(containers.table).where(containers.owner == containers.owner_id)
    return list(session.exec(query.order_by(col(containers.table.name))))


def row_of(session: Session, containers: ContainersOf[Row], container_id: str) -> Row | None:
    return session.get(containers.table, container_id)


def tells_of_a_start(event: Event) -> bool:
    """Whether a container has begun to run."""
    return event.kind in _CHANGES and event.data.get("state") == "running"
