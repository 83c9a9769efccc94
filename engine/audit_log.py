"""The audit log, read: newest first, followed live, and from one end to the other. Nothing of it ever goes.

Each reader holds nothing but the number of the last entry it has seen, and takes what is new from the database.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from db.models import AuditEntry
from db.sessions import Sessions
from engine.accounts.authority import Authority
from engine.accounts.visible import Condition, visible
from engine.audit import LastEntry
from engine.errors import InvalidInput

_PAGE = 500
_OTHERS_SECONDS = 1.0
_LAST_SEQUENCE = select(func.max(AuditEntry.sequence))  # written down once: it is asked for each second


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries somebody wants; None: any."""

    noun_id: str | None = None
    user_id: str | None = None
    token_id: str | None = None
    team_id: str | None = None
    action: str | None = None

    def conditions(self) -> Iterator[Condition]:
        names = ("noun_id", "user_id", "token_id", "team_id", "action")
        wanted = ((name, getattr(self, name)) for name in names)
        return (getattr(AuditEntry, name) == value for name, value in wanted if value is not None)


class AuditLog:
    """The audit log of this instance."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._news = asyncio.Event()
        self._last = sessions.read_now(_last_sequence)
        sessions.on_commit(self._committed)

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 when there was none yet."""
        return self._last

    async def follow(self, authority: Authority, after: int) -> AsyncGenerator[AuditEntry, None]:
        """Every entry past number `after` that `authority` may read, each once, in order, without end.

        Raises `InvalidInput` for a number that was never given out.
        """
        if after > self._last:
            raise InvalidInput("This cursor is not from this audit log.", field=("after",))
        while True:
            last = self._last
            for entry in (entries := await self._sessions.read(oldest, authority, after, last)):
                yield entry
            after = entries[-1].sequence or after if len(entries) == _PAGE else last
            while self._last <= after:
                await self._news.wait()

    async def past(self, authority: Authority, after: int) -> list[AuditEntry]:
        """A page of what this authority may read past number `after`, oldest first; [] when there is no more."""
        return await self._sessions.read(oldest, authority, after)

    async def watch_others(self) -> None:
        """Notice, until cancelled, what other processes wrote: `wharf token`, say."""
        while True:
            await asyncio.sleep(_OTHERS_SECONDS)
            self._reach(await self._sessions.read(_last_sequence))

    def _committed(self, notes: list[object]) -> None:
        self._reach(max((note.sequence for note in notes if isinstance(note, LastEntry)), default=0))

    def _reach(self, last: int) -> None:
        if last > self._last:
            self._last = last
            self._news.set()
            self._news = asyncio.Event()


def oldest(session: Session, authority: Authority, after: int, last: int | None = None) -> list[AuditEntry]:
    """A page of what this authority may read past number `after`, up to `last`; [] when there is no more."""
    query = select(AuditEntry).where(col(AuditEntry.sequence) > after, visible(AuditEntry, authority))
    if last is not None:
        query = query.where(col(AuditEntry.sequence) <= last)
    return list(session.exec(query.order_by(col(AuditEntry.sequence)).limit(_PAGE)))


def newest(
    session: Session, authority: Authority, count: int, before: int | None, wanted: AuditFilter
) -> list[AuditEntry]:
    """The newest `count` before the number `before`, newest first."""
    query = select(AuditEntry).where(visible(AuditEntry, authority), *wanted.conditions())
    if before is not None:
        query = query.where(col(AuditEntry.sequence) < before)
    return list(session.exec(query.order_by(col(AuditEntry.sequence).desc()).limit(count)))


def _last_sequence(session: Session) -> int:
    return session.exec(_LAST_SEQUENCE).one() or 0
