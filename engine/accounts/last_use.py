"""When, and from where, the token or the session was last used that somebody has shown."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlmodel import Session

from db.errors import DatabaseUnusable
from db.models import now
from db.sessions import Sessions

_PRECISION = timedelta(minutes=1)


class LastUses:
    """Those of one table's rows. `write(session, id, address)` is the transaction that notes one."""

    def __init__(self, sessions: Sessions, write: Callable[[Session, str, str], None]) -> None:
        self._sessions = sessions
        self._write = write
        self._noting: dict[str, asyncio.Task[None]] = {}

    def note(self, id: str, address: str, known_at: datetime | None, known_from: str) -> None:
        """The row is used now from this address. What is `known` already to a minute is not written again."""
        news = known_at is None or abs(now() - known_at) > _PRECISION or known_from != address
        if news and id not in self._noting:
            # Who only reads does not wait for the database to be written.
            self._noting[id] = asyncio.create_task(self._note(id, address))

    async def _note(self, id: str, address: str) -> None:
        try:
            with suppress(DatabaseUnusable):
                await self._sessions.write(self._write, id, address)
        finally:
            del self._noting[id]
