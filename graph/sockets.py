"""The websockets and streams that are open, by what the authority of their viewers rests on."""

import asyncio
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Protocol

from engine.accounts.viewer import Viewer

WEBSOCKET, SSE = TRANSPORTS = "websocket", "sse"

_LONGEST_SLEEP = 60.0


class OpenSocket(Protocol):
    @property
    def transport(self) -> str:
        """One of `TRANSPORTS`."""

    def stop(self) -> None:
        """End everything that runs on this socket: it is told nothing more."""

    async def forbid(self) -> None:
        """End everything that runs on this socket and close it: a websocket with 4403."""


async def forbid_at(socket: OpenSocket, moment: datetime) -> None:
    """Wait for this moment, and forbid the socket."""
    # In steps, because the clock of the wall may be set while we sleep.
    while (left := (moment - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110  a clock cannot be awaited
        await asyncio.sleep(min(left, _LONGEST_SLEEP))
    await socket.forbid()


class Sockets:
    """Knows every socket that was let in, so that it can be thrown out when what it rests on is taken away.

    Grounds are as `Viewer.rests_on` names them: "ApiToken:01h…", "User:01h…".
    """

    def __init__(self) -> None:
        self._open: defaultdict[str, set[OpenSocket]] = defaultdict(set)
        self._all: set[OpenSocket] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._all)

    @property
    def by_transport(self) -> dict[str, int]:
        """How many there are of each of `TRANSPORTS`."""
        counts = Counter(socket.transport for socket in self._all)
        return {transport: counts[transport] for transport in TRANSPORTS}

    def add(self, viewer: Viewer, socket: OpenSocket) -> None:
        self._all.add(socket)
        for ground in viewer.rests_on:
            self._open[ground].add(socket)

    def discard(self, viewer: Viewer, socket: OpenSocket) -> None:
        self._all.discard(socket)
        for ground in viewer.rests_on:
            self._open[ground].discard(socket)
            if not self._open[ground]:
                del self._open[ground]

    def revoke(self, ground: str) -> None:
        """Stop all sockets that rest on it at once, and have them closed."""
        for socket in tuple(self._open.get(ground, ())):
            socket.stop()
            closing = asyncio.create_task(socket.forbid())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self, ground: str) -> None:
        """Close all sockets that rest on it. Returns when every close frame is on its way."""
        for socket in tuple(self._open.get(ground, ())):
            await socket.forbid()
