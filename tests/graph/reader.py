"""A client of graphql-transport-ws that reads exactly as much as it is told to, and hangs up anywhere."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from graph.ids import event_sequence

_SMALLEST = 4096  # bytes of receive buffer; the kernel doubles it


class Reader:
    """One socket with the smallest receive buffer there is."""

    def __init__(self, port: int, connection: socket.socket) -> None:
        self._connection = connection
        uri = parse_uri(f"ws://127.0.0.1:{port}/graphql")
        self._protocol = ClientProtocol(uri, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None)
        self.close: Close | None = None

    async def send(self, message: object) -> None:
        self._protocol.send_text(json.dumps(message).encode())
        await self._flush()

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                await asyncio.get_running_loop().sock_sendall(self._connection, data)

    async def upgrade(self) -> None:
        self._protocol.send_request(self._protocol.connect())
        await self._flush()
        while not any(isinstance(event, Response) for event in await self._events(4096)):
            pass

    async def read(self, size: int = 65536) -> list[Any]:
        """Take up to `size` bytes from the wire: the messages that are whole by them, maybe none."""
        events = await self._events(size)
        frames = [each for each in events if isinstance(each, Frame) and each.opcode is Opcode.TEXT]
        return [json.loads(bytes(frame.data)) for frame in frames]

    async def _events(self, size: int) -> Sequence[object]:
        data = await asyncio.get_running_loop().sock_recv(self._connection, size)
        if not data:
            self._protocol.receive_eof()
            raise ConnectionResetError("closed")
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        self.close = self._protocol.close_rcvd
        with suppress(ConnectionError):  # who reads on finds out
            await self._flush()  # pongs, and the answer to a close frame
        return events

    async def until(self, kind: str) -> Any:
        """The next message of this type, those that came with it skipped."""
        return next(message for message in await self.all_until(kind) if message["type"] == kind)

    async def all_until(self, kind: str) -> list[Any]:
        """All messages up to one of this type, and those that came with it."""
        messages = await self.read()
        while not any(message["type"] == kind for message in messages):
            messages += await self.read()
        return messages

    async def leave(self) -> None:
        """Close properly, and wait until the server has done so too."""
        self._protocol.send_close(1000)
        await self._flush()
        with suppress(ConnectionResetError):
            while True:
                await self.read()

    def hang_up(self) -> None:
        """Cut the connection: what is on its way is thrown away."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._connection.close()


@asynccontextmanager
async def reading(port: int, token: str) -> AsyncIterator[Reader]:
    """A reader that was let in."""
    connection = socket.socket()
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        reader = Reader(port, connection)
        await reader.upgrade()
        await reader.send({"type": "connection_init", "payload": {"token": token}})
        await reader.until("connection_ack")
        yield reader
    finally:
        connection.close()


def subscribing(query: str, id: str = "1", **variables: object) -> dict[str, object]:
    return {"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}}


def number_of(message: Any) -> int:
    """The number of the event that a `next` message of the root field `events` tells of."""
    assert message["type"] == "next", message
    return event_sequence(message["payload"]["data"]["events"]["cursor"])


async def everything(reader: Reader) -> list[int]:
    """The numbers of all events that still come."""
    seen: list[int] = []
    with suppress(ConnectionResetError):
        while True:
            seen += [number_of(message) for message in await reader.read()]
    return seen
