"""A client of graphql-transport-ws that says exactly what it is told to."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from tests.graph.conftest import Served

INIT = {"type": "connection_init", "payload": {"token": "owner"}}
ACK = {"type": "connection_ack"}


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, *frames: object) -> None:
        for frame in frames:
            await self._connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def receive(self) -> Any:
        return json.loads(await self._connection.recv(decode=True))

    async def closed(self) -> tuple[int | None, str | None]:
        """How the server has closed, everything it said before skipped."""
        with suppress(websockets.ConnectionClosed):
            async for _ in self._connection:
                pass
        return self._connection.close_code, self._connection.close_reason

    async def hang_up(self) -> None:
        self._connection.transport.abort()

    async def give_up(self) -> None:
        """End operation 1 before it has answered."""
        await self.send({"type": "complete", "id": "1"})


@asynccontextmanager
async def raw(served: Served, protocol: str = "graphql-transport-ws", **headers: str) -> AsyncIterator[Socket]:
    async with websockets.connect(
        served.websocket, subprotocols=[Subprotocol(protocol)], additional_headers=headers
    ) as connection:
        yield Socket(connection)


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[Socket]:
    async with raw(served) as socket:
        await socket.send(INIT)
        assert await socket.receive() == ACK
        yield socket


def subscribe(query: str, id: str = "1", **payload: object) -> dict[str, object]:
    return {"type": "subscribe", "id": id, "payload": {"query": query, **payload}}
