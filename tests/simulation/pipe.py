"""An answer that comes in pieces, over a connection that may break."""

import asyncio
from collections.abc import Callable


class ConnectionBroken(OSError):
    """What the operating system says of a connection that ended in the middle."""


class Pipe:
    """An answer in pieces; as much of aiohttp's response as `Answer` uses of it."""

    def __init__(self, closed: Callable[["Pipe"], None]) -> None:
        self.content = self
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closed = closed
        self.broken = False

    def feed(self, piece: bytes) -> None:
        self._pieces.put_nowait(piece)

    def end(self) -> None:
        self._pieces.put_nowait(b"")

    def cut(self) -> None:
        """The connection breaks; what was sent before may still be read."""
        self._pieces.put_nowait(None)

    async def readany(self) -> bytes:
        piece = await self._pieces.get()
        if piece is None:
            self.broken = True
            raise ConnectionBroken("Connection reset by peer")
        return piece

    def close(self) -> None:
        self._closed(self)
