"""Writing the audit log: an entry stands in the same transaction as what it tells.

What somebody changes by way of an `AuditedSession` is written down by itself, whichever tables it is in. `note` is
for what leaves no trace in a table: a refusal, a password that was read, a sign-in.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import event, func, insert, true
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session, SQLModel, select

from db.models import AuditEntry, now
from db.sessions import Around, Sessions, tell
from engine.accounts.acting import acting_now, actor_of
from engine.accounts.authority import INSTALLATION, Place
from engine.accounts.viewer import Viewer
from engine.accounts.visible import place_of_row
from engine.audited import Values, changes_between, is_audited, name_of, values_after, values_before


class LastEntry(NamedTuple):
    """What listeners to commits are told of the log: the number of its last entry."""

    sequence: int


def note(
    session: Session,
    viewer: Viewer,
    action: str,
    noun: str,
    noun_id: str,
    name: str = "",
    place: Place = INSTALLATION,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write down, in this transaction, that `viewer` did `action` to the `noun` with this id.

    `name` is what people call that thing, and `place` decides who may read of it. `changes` has for each field
    {"old": …, "new": …}, of what JSON knows, or {"changed": True} for a secret.
    """
    _write(session, [_entry(viewer, action, noun, noun_id, name, place, changes or {})])


def note_action(session: Session, row: SQLModel) -> None:
    """Write down that whoever is behind this transaction does what they do to this row, without changing it."""
    if actor := actor_of(session):
        place = place_of_row(session, row) or INSTALLATION
        note(session, actor.viewer, actor.action, type(row).__name__, row.id, name_of(session, row), place)  # type: ignore[attr-defined]


def audited(url: str, around: Around = lambda _kind, _work: nullcontext()) -> Sessions:
    """The database at `url`, where what somebody changes is written down. `around` is as for `Sessions`."""
    return Sessions(url, acting_now, AuditedSession, around)


class AuditedSession(Session):
    """A session that writes down each row that whoever is behind it makes, changes or removes."""


@dataclass(slots=True)
class _Touched:
    """A row that this transaction has touched: how it was before, how it is after. None: it is not there."""

    table: type[SQLModel]
    key: str
    before: Values | None
    after: Values | None = None
    name: str = ""
    place: Place = INSTALLATION

    @property
    def is_news(self) -> bool:
        return self.before != self.after

    def told(self) -> tuple[str, str, str, Place, dict[str, dict[str, Any]]]:
        changes = changes_between(self.table, self.before, self.after)
        return self.table.__name__, self.key, self.name, self.place, changes


_AllTouched: TypeAlias = dict[tuple[type[SQLModel], str], _Touched]


@event.listens_for(AuditedSession, "before_flush")
def _notice(session: Session, _context: object, _instances: object) -> None:
    if actor_of(session) is None:
        return
    for row in filter(is_audited, session.new):
        _touch(session, row, before=None, after=values_after(row))
    for row in filter(is_audited, session.dirty):
        if session.is_modified(row):
            _touch(session, row, before=values_before(row), after=values_after(row))
    _notice_removals(session, session.deleted)


@event.listens_for(AuditedSession, "do_orm_execute")
def _notice_statement(state: ORMExecuteState) -> None:
    session: Any = state.session
    if state.is_select or actor_of(session) is None or state.bind_mapper is None:
        return
    table = state.bind_mapper.class_
    if not issubclass(table, SQLModel) or not is_audited(table):
        return
    statement: Any = state.statement
    if not state.is_delete:
        raise TypeError(f"Whoever acts changes a {table.__name__} row by row: the audit log tells of each.")
    where = true() if statement.whereclause is None else statement.whereclause
    _notice_removals(session, session.exec(select(table).where(where)))


@event.listens_for(AuditedSession, "before_commit")
def _write_down(session: Session) -> None:
    touched: _AllTouched = session.info.pop("touched", {})
    if actor := actor_of(session):
        news = (each for each in touched.values() if each.is_news)
        _write(session, [_entry(actor.viewer, actor.action, *each.told()) for each in news])


def _entry(
    viewer: Viewer,
    action: str,
    noun: str,
    noun_id: str,
    name: str,
    place: Place,
    changes: Mapping[str, Mapping[str, Any]],
) -> Values:
    return {
        "at": now(),
        "actor": viewer.name,
        "user_id": viewer.user_id,
        "token_id": viewer.token_id,
        "session_id": viewer.session_id,
        "address": viewer.address,
        "action": action,
        "noun": noun,
        "noun_id": noun_id,
        "name": name,
        **place._asdict(),
        "changes": {key: dict(change) for key, change in changes.items()},
    }


def _write(session: Session, entries: list[Values]) -> None:
    # Past the mapper: whoever sets a thousand variables has a thousand entries written.
    if entries:
        session.execute(insert(AuditEntry.__table__), entries)  # type: ignore[attr-defined]  # of SQLModel's
        tell(session, LastEntry(session.exec(select(func.max(AuditEntry.sequence))).one() or 0))


def _notice_removals(session: Session, rows: Iterable[Any]) -> None:
    for row in filter(is_audited, rows):
        _touch(session, row, before=values_before(row), after=None)


def _touch(session: Session, row: Any, before: Values | None, after: Values | None) -> None:
    touched: _AllTouched = session.info.setdefault("touched", {})
    table = type(row)
    known = touched.setdefault((table, row.id), _Touched(table, row.id, before))
    known.after = after
    known.name = name_of(session, row)
    known.place = place_of_row(session, row, known.before or {}) or known.place
