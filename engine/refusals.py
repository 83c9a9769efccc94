"""What somebody wanted to do and may not, written into the audit log: a bounded number, for a disk has an end."""

import time
from collections import Counter
from contextlib import suppress

from sqlmodel import Session

from db.errors import DatabaseUnusable
from db.sessions import Sessions
from engine.accounts.authority import Place
from engine.accounts.viewer import Viewer
from engine.audit import note

MOST_A_MINUTE = 10
"""For each viewer. What they try beyond that is refused as well, and not written down."""


class Refusals:
    """Those of this process."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._minute = 0
        self._counts: Counter[str] = Counter()

    async def note(self, viewer: Viewer, action: str, needed: str, place: Place) -> None:
        """Write down that `viewer` was refused `action`, which needs the permission `needed` in this place."""
        if self._has_room(viewer.key):
            with suppress(DatabaseUnusable):  # it is refused all the same
                await self._sessions.write(_note, viewer, action, needed, place)

    def _has_room(self, key: str) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._counts = minute, Counter()
        self._counts[key] += 1
        return self._counts[key] <= MOST_A_MINUTE


def _note(session: Session, viewer: Viewer, action: str, needed: str, place: Place) -> None:
    note(session, viewer, action, "Refusal", "", needed, place)
