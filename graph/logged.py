"""What the schema reads of the event log."""

from sqlmodel import Session, col, func, or_, select

from db.models import Event, EventKind
from engine.accounts.authority import Authority
from engine.accounts.visible import visible_events


def events_of_deployment(session: Session, _authority: Authority, deployment_id: str, newest: int) -> tuple[int, int]:
    """The numbers of its first and its last event; both come after `newest` when the log has none."""
    query = select(func.min(Event.sequence), func.max(Event.sequence)).where(Event.deployment_id == deployment_id)
    first, last = session.exec(query).one()
    return (first, last) if first and last else (newest + 1, newest)


def removed_past(session: Session, authority: Authority, noun_id: str, after: int) -> bool:
    """Whether the log tells, past the number `after`, that an application or a database is gone."""
    query = select(Event.sequence).where(
        or_(Event.application_id == noun_id, Event.database_id == noun_id),
        Event.noun_id == noun_id,
        Event.kind == EventKind.REMOVED,
        col(Event.sequence) > after,
        visible_events(authority),
    )
    return session.exec(query).first() is not None
