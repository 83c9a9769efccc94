"""A client of server-sent events that reads exactly as much as it is told to, and hangs up anywhere."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

_SMALLEST = 4096  # bytes of receive buffer; the kernel doubles it


@dataclass
class Event:
    """One event of a stream; `said` is what it says, None nothing."""

    name: str
    id: str | None
    said: Any


class Stream:
    """One response on a connection of its own with the smallest receive buffer there is."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""
        self._body = b""
        self._waiting = False  # for the rest of a chunk
        self.status = 0
        self.headers: dict[str, str] = {}
        self.comments = 0
        self.ended = False  # by its last chunk
        self.lost = False  # by the connection's end

    async def ask(self, method: str, path: str, body: object | None, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode() + content)
        while b"\r\n\r\n" not in self._received:
            await self._receive(65536)
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *fields = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in fields)}

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._connection, data)

    async def read(self, size: int = 65536) -> list[Event]:
        """Take up to `size` bytes from the wire: the events that are whole by them, maybe none."""
        if not self._received or self._waiting:
            await self._receive(size)
        self._unchunk()
        *events, self._body = self._body.split(b"\n\n")
        self.comments += events.count(b":")
        return [_event(each.decode()) for each in events if each != b":"]

    async def until(self, name: str) -> list[Event]:
        """All events up to one of this name, and those that came with it."""
        events = await self.read()
        while not any(event.name == name for event in events):
            assert not self.lost, "the connection was closed before"
            events += await self.read()
        return events

    async def everything(self) -> list[Event]:
        """All events that still come."""
        events: list[Event] = []
        while not self.ended and not self.lost:
            events += await self.read()
        return events

    async def closed(self) -> None:
        """Wait until the server has closed the connection."""
        while not self.lost:
            await self._receive(65536)

    def hang_up(self) -> None:
        """Cut the connection: what is on its way is thrown away."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._connection.close()

    async def _receive(self, size: int) -> None:
        try:
            data = await asyncio.get_running_loop().sock_recv(self._connection, size)
        except ConnectionResetError:
            data = b""
        self.lost = not data
        self._received += data

    def _unchunk(self) -> None:
        if length := self.headers.get("content-length"):
            self._body, self._received = self._body + self._received, b""
            self.ended = len(self._body) >= int(length)
        while not self.ended:
            head, found, rest = self._received.partition(b"\r\n")
            size = int(head, 16) if found else 0
            self._waiting = not found or len(rest) < size + 2
            if self._waiting:
                return
            self._body += rest[:size]
            self._received = rest[size + 2 :]
            self.ended = size == 0


def _event(text: str) -> Event:
    fields = dict(line.split(":", 1) for line in text.split("\n"))
    said = fields["data"].strip()
    return Event(fields["event"].strip(), fields.get("id", "").strip() or None, json.loads(said) if said else None)


@asynccontextmanager
async def streaming(port: int, query: str, token: str = "owner", **headers: str) -> AsyncIterator[Stream]:
    """One operation, sent by POST; its answer has begun."""
    async with connected(port) as stream:
        accept = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}", **headers}
        await stream.ask("POST", "/graphql", {"query": query}, Content_Type="application/json", **accept)
        yield stream


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Stream]:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        yield Stream(connection)
