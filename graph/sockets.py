"""The websockets that are open, by the token they came with."""

import asyncio
from collections import defaultdict
from typing import Protocol


class OpenSocket(Protocol):
    def stop(self) -> None:
        """End everything that runs on this socket: it is told nothing more."""

    async def forbid(self) -> None:
        """End everything that runs on this socket and close it with 4403."""


class Sockets:
    """Knows every socket that was let in, so that it can be thrown out when its token is revoked."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[OpenSocket]] = defaultdict(set)
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def add(self, token_id: str, socket: OpenSocket) -> None:
        self._open[token_id].add(socket)

    def discard(self, token_id: str, socket: OpenSocket) -> None:
        self._open[token_id].discard(socket)
        if not self._open[token_id]:
            del self._open[token_id]

    def revoke(self, token_id: str) -> None:
        """Stop all sockets of a token at once, and have them closed."""
        for socket in tuple(self._open.get(token_id, ())):
            socket.stop()
            closing = asyncio.create_task(socket.forbid())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close_viewer(self, token_id: str) -> None:
        """Close all sockets of a token. Returns when every close frame is on its way."""
        for socket in tuple(self._open.get(token_id, ())):
            await socket.forbid()
