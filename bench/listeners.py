"""Subscribers that cost next to nothing: they count the messages that they are told, and read none.

Each is one websocket, spoken by hand: a client library takes longer for a message than the servers that are measured.
"""

import asyncio
import json
import struct
import time
from collections.abc import Mapping
from typing import cast

_TEXT, _PING, _PONG = 1, 9, 10
_OPENED_AT_ONCE = 100
_MASK = bytes(4)  # one that changes nothing
_UPGRADE = b"""\
GET /graphql HTTP/1.1\r
Host: 127.0.0.1:%d\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Protocol: graphql-transport-ws\r
\r
"""


class Listener(asyncio.Protocol):
    """One subscription on a socket of its own. `told` counts its messages, the acknowledgement aside."""

    def __init__(self, audience: "Audience") -> None:
        self._audience = audience
        self._rest = b""
        self._upgraded = False
        self.told = -1
        self.lost = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own
        self.transport.write(self._audience.upgrade)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at, size = 0, len(data)
        if not self._upgraded:
            at = self._read_head(data)
        while size - at >= 2:
            length, head = data[at + 1], 2
            if length == 126:
                if size - at < 4:
                    break
                length, head = (data[at + 2] << 8) | data[at + 3], 4
            if size - at < head + length:
                break
            self._take(data[at] & 15, data[at + head : at + head + length])
            at += head + length
        self._rest = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._audience.one_lost()

    def _read_head(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return 0
        assert data.startswith(b"HTTP/1.1 101 "), data
        self._upgraded = True
        self.transport.write(self._audience.greeting)
        return end

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self.told += 1
            if not self.told:  # that is the acknowledgement
                self.transport.write(self._audience.question)
            self._audience.one_told(self, payload)
        elif opcode == _PING:
            self.transport.write(frame(_PONG, payload))


class Audience:
    """Listeners of one server, all to the same subscription."""

    def __init__(self, port: int, query: str, token: str, variables: Mapping[str, object] | None = None) -> None:
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        payload = {"query": query, "variables": dict(variables or {})}
        self.upgrade = _UPGRADE % port
        self.greeting = _text(init)
        self.question = _text({"id": "1", "type": "subscribe", "payload": payload})
        self.first: list[bytes] = []  # the messages that the first of them was told
        self._port = port
        self._listeners: list[Listener] = []
        self._wanted = 0
        self._missing = 0
        self._all_told = asyncio.Event()

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def told(self) -> tuple[int, int]:
        """How many messages the one that was told least has had, and the one that was told most."""
        counts = [listener.told for listener in self._listeners]
        return min(counts), max(counts)

    async def open(self, number: int, addresses: int = 1) -> None:
        """Connect so many, and wait until each is let in. They come from so many addresses of this machine."""
        loop = asyncio.get_running_loop()
        for first in range(0, number, _OPENED_AT_ONCE):
            several = range(first, min(first + _OPENED_AT_ONCE, number))
            opened = await asyncio.gather(
                *(
                    loop.create_connection(
                        lambda: Listener(self),
                        "127.0.0.1",
                        self._port,
                        local_addr=(f"127.0.0.{2 + each % addresses}", 0) if addresses > 1 else None,
                    )
                    for each in several
                )
            )
            self._listeners += [listener for _, listener in opened]
            await self.until_told(0)

    async def until_told(self, count: int, within: float = 60.0) -> float:
        """Wait until every one was told so many messages in all; the moment on the clock of `time.perf_counter`."""
        self._wanted = count
        self._missing = sum(listener.told < count for listener in self._listeners)
        self._all_told.clear()
        if not self._missing:
            return time.perf_counter()
        async with asyncio.timeout(within):
            await self._all_told.wait()
        if any(listener.lost for listener in self._listeners):
            raise RuntimeError("A server has closed a connection of the audience.")
        return self._at

    def one_told(self, listener: Listener, payload: bytes) -> None:
        if listener.told > 0 and self._listeners and listener is self._listeners[0]:
            self.first.append(payload)
        if listener.told == self._wanted:
            self._missing -= 1
            if not self._missing:
                self._at = time.perf_counter()
                self._all_told.set()

    def one_lost(self) -> None:
        self._all_told.set()

    def close(self) -> None:
        for listener in self._listeners:
            listener.transport.abort()
        self._listeners.clear()


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message as a client sends it."""
    size = len(payload)
    start = 0x80 | opcode
    head = struct.pack("!BB", start, 0x80 | size) if size < 126 else struct.pack("!BBH", start, 0x80 | 126, size)
    return head + _MASK + payload


def _text(message: Mapping[str, object]) -> bytes:
    return frame(_TEXT, json.dumps(message).encode())
