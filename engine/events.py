"""The event log: written with the change that it tells of, and followed live.

A follower holds nothing but the number of the last event it has seen. What is new it takes from a
short memory shared by all followers, and from the database when it is further behind. So a follower
that stops reading costs nothing, and nobody waits for it.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, func, select

from db.errors import DatabaseUnusable
from db.models import Event, EventKind
from db.sessions import Sessions, tell
from engine.accounts.authority import EVERYTHING as ALL_AUTHORITY
from engine.accounts.authority import Authority
from engine.accounts.visible import sees, visible_events
from engine.errors import CursorExpired, InvalidInput

_MEMORY = 4096
_PAGE = 500
_PRUNE_EVERY = 1000
_OTHERS_SECONDS = 1.0
_FIRST = select(func.min(Event.sequence))
_LAST = select(func.max(Event.sequence))
_BETWEEN = (
    select(Event)
    .where(col(Event.sequence) > bindparam("cursor"), col(Event.sequence) <= bindparam("last"))
    .order_by(col(Event.sequence))
    .limit(_PAGE)
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a follower wants, None meaning any, among those that `authority` may read."""

    application_id: str | None = None
    deployment_id: str | None = None
    database_id: str | None = None
    noun: str | None = None
    noun_id: str | None = None
    authority: Authority = ALL_AUTHORITY

    def matches(self, event: Event) -> bool:
        return (
            self.application_id in (None, event.application_id)
            and self.deployment_id in (None, event.deployment_id)
            and self.database_id in (None, event.database_id)
            and self.noun in (None, event.noun)
            and self.noun_id in (None, event.noun_id)
            and sees(event, self.authority)
        )


EVERYTHING = EventFilter()

# Given the number up to which a follower has seen everything: the number from which it goes on, when it is to go
# on, or None when it is not to.
Wait = Callable[[int], Awaitable[int | None]]


class EventLog:
    """The log of this instance. Keeps the last `keep` events in the database."""

    def __init__(self, sessions: Sessions, keep: int) -> None:
        self._sessions = sessions
        self._recent: deque[Event] = deque(maxlen=_MEMORY)
        self._news = asyncio.Event()
        self._listeners: list[Callable[[Event], None]] = []
        self._last = sessions.read_now(_last_sequence)
        self._keep = keep
        sessions.on_commit(self._committed)

    @property
    def last(self) -> int:
        """The number of the newest event, 0 when there was none yet."""
        return self._last

    def on_event(self, listener: Callable[[Event], None]) -> None:
        """Have `listener` called in the event loop with every event, before any follower can see it."""
        self._listeners.append(listener)

    async def follow(
        self, wanted: EventFilter = EVERYTHING, after: int | None = None, wait: Wait | None = None
    ) -> AsyncGenerator[Event, None]:
        """Every event past number `after` (None: past the newest one now), each once, in order, without end.

        Whenever there is nothing new it awaits `wait`, which may tell the next events itself; by default `news`.
        Raises `CursorExpired` when the log no longer reaches back to `after`, also in mid-stream when the
        follower has fallen that far behind, and `InvalidInput` for a number that was never given out.
        """
        cursor = self._last if after is None else after
        if cursor > self._last:
            raise InvalidInput("This cursor is not from this event log.", field=("after",))
        wait = wait or self.news
        while True:
            events, seen = await self._past(cursor, wanted)
            for event in events:
                if wanted.matches(event):
                    yield event
            if seen > cursor:
                cursor = seen
            elif (going_on := await wait(cursor)) is not None:
                cursor = going_on
            else:
                return

    async def news(self, cursor: int) -> int:
        """Wait until there is an event past number `cursor`, which is returned."""
        while self._last <= cursor:
            await self._news.wait()
        return cursor

    async def _past(self, cursor: int, wanted: EventFilter) -> tuple[list[Event], int]:
        """Some of the events past `cursor`, and the number up to which nothing is missing then."""
        recent, last = self._recent, self._last
        if cursor >= last:
            return [], cursor
        if recent and (recent[0].sequence or 0) <= cursor + 1:
            start = bisect_right(recent, cursor, key=lambda event: event.sequence or 0)
            return [recent[index] for index in range(start, len(recent))], last
        events = await self._sessions.read(_page, cursor, last, wanted)
        return events, (events[-1].sequence or cursor) if len(events) == _PAGE else max(cursor, last)

    async def watch_others(self) -> None:
        """Notice, until cancelled, what other processes wrote: `wharf token`, say."""
        while True:
            await asyncio.sleep(_OTHERS_SECONDS)
            newest = await self._sessions.read(_last_sequence)
            if newest > self._last:
                self._take_in(await self._sessions.read(_page, self._last, newest, EVERYTHING))

    def _committed(self, notes: list[object]) -> None:
        self._take_in([note for note in notes if isinstance(note, Event)])

    def _take_in(self, events: list[Event]) -> None:
        events = [event for event in events if (event.sequence or 0) > self._last]
        if not events:
            return
        events = [*self._missed(events[0]), *events]
        if events[0].sequence != self._last + 1:
            # What the memory lacks, followers must read from the database.
            self._recent.clear()
        self._recent.extend(events)
        self._last = events[-1].sequence or self._last
        self._news.set()
        self._news = asyncio.Event()
        for event in events:
            for listener in self._listeners:
                listener(event)
        if self._last % _PRUNE_EVERY < len(events):
            self._pruning = asyncio.ensure_future(self._prune())

    def _missed(self, event: Event) -> list[Event]:
        """What another process wrote before `event`: listeners are to hear of it as of any other."""
        before = (event.sequence or 0) - 1
        if before == self._last:
            return []
        try:
            found = self._sessions.read_now(_page, self._last, before, EVERYTHING)
        except (CursorExpired, DatabaseUnusable):
            return []
        return found if len(found) == before - self._last else []

    async def _prune(self) -> None:
        with suppress(DatabaseUnusable):  # there will be another time
            await self._sessions.write(_prune, self._last - self._keep)


def record(
    session: Session,
    kind: EventKind,
    noun: str,
    noun_id: str,
    *,
    server_id: str | None = None,
    team_id: str | None = None,
    project_id: str | None = None,
    environment_id: str | None = None,
    application_id: str | None = None,
    deployment_id: str | None = None,
    database_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Write an event in the transaction of `session`; followers see it once that is committed."""
    event = Event(
        kind=kind,
        noun=noun,
        noun_id=noun_id,
        server_id=server_id,
        team_id=team_id,
        project_id=project_id,
        environment_id=environment_id,
        application_id=application_id,
        deployment_id=deployment_id,
        database_id=database_id,
        data=data or {},
    )
    session.add(event)
    tell(session, event)


def _last_sequence(session: Session) -> int:
    return session.exec(_LAST).one() or 0


def _page(session: Session, cursor: int, last: int, wanted: EventFilter) -> list[Event]:
    """Events past `cursor` up to `last`: what is newer was written by others, and is taken in, in its turn."""
    oldest = session.exec(_FIRST).one() or 0
    if cursor + 1 < oldest:
        raise CursorExpired(
            f"The event log begins at number {oldest}; what came between {cursor} and it is no longer kept. "
            "Read the present state again and follow from its cursor.",
            field=("after",),
        )
    query = _BETWEEN
    if wanted.application_id is not None:
        query = query.where(Event.application_id == wanted.application_id)
    if wanted.deployment_id is not None:
        query = query.where(Event.deployment_id == wanted.deployment_id)
    if wanted.database_id is not None:
        query = query.where(Event.database_id == wanted.database_id)
    if wanted.noun is not None:
        query = query.where(Event.noun == wanted.noun)
    if wanted.noun_id is not None:
        query = query.where(Event.noun_id == wanted.noun_id)
    if wanted.authority != ALL_AUTHORITY:
        query = query.where(visible_events(wanted.authority))
    return list(session.exec(query, params={"cursor": cursor, "last": last}))


def _prune(session: Session, up_to: int) -> None:
    session.exec(delete(Event).where(col(Event.sequence) <= up_to))
