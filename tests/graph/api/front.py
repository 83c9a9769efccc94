"""The front door of the API: the real application, asked over HTTP and over a websocket."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
from starlette.types import ASGIApp
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from tests.graph.api.fuzzing import encoded

Json = dict[str, Any]

_A_WHILE = 0.05  # seconds


@dataclass(frozen=True)
class Front:
    """`database` is looked into from outside, to see whether a request has changed anything."""

    app: ASGIApp
    token: str
    client: httpx2.AsyncClient
    database: sqlite3.Connection

    async def post(self, query: str, variables: Json | None = None) -> httpx2.Response:
        body = encoded({"query": query, "variables": variables})
        return await self.client.post("/graphql", content=body)

    async def data(self, query: str, **variables: object) -> Json:
        answer = (await self.post(query, variables)).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def contents(self) -> dict[str, list[Any]]:
        """All that is remembered, but for events, what was last seen of Docker, and when tokens were used."""
        tables = [name for (name,) in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: _rows(self.database, name) for name in tables if name not in ("event", "server")}

    async def first_errors(self, query: str, variables: Json) -> list[Json]:
        """The errors in the first message that answers a subscription; [] when there is none for a while."""
        async with self._subscribed(query, variables) as received:
            try:
                message = await asyncio.wait_for(received.get(), _A_WHILE)
            except TimeoutError:
                return []
        if message == {"type": "closed", "code": 4400}:
            return [{"message": "That was no message."}]
        assert message["type"] in ("next", "error", "complete"), message
        payload = message.get("payload", ())
        return payload if isinstance(payload, list) else payload.get("errors", []) if payload else []

    @asynccontextmanager
    async def _subscribed(self, query: str, variables: Json) -> AsyncIterator["asyncio.Queue[Json]"]:
        sent: asyncio.Queue[Json] = asyncio.Queue()
        received: asyncio.Queue[Json] = asyncio.Queue()
        task = asyncio.create_task(_run(self.app, sent, received))
        sent.put_nowait({"type": "websocket.connect"})
        _say(sent, {"type": "connection_init", "payload": {"token": self.token}})
        assert (await received.get())["type"] == "connection_ack"
        _say(sent, {"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}})
        yield received
        sent.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await task


@asynccontextmanager
async def opened(app: ASGIApp, token: str, database: str) -> AsyncIterator[Front]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://wharf", headers=headers) as client:
        with closing(sqlite3.connect(database)) as connection:
            yield Front(app, token, client, connection)


def _rows(connection: sqlite3.Connection, table: str) -> list[Any]:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "last_used_at"]
    wanted = ", ".join(f'"{column}"' for column in columns)
    return connection.execute(f"SELECT {wanted} FROM {table}").fetchall()


def _say(sent: "asyncio.Queue[Json]", message: Json) -> None:
    sent.put_nowait({"type": "websocket.receive", "text": encoded(message)})


async def _run(app: ASGIApp, sent: "asyncio.Queue[Json]", received: "asyncio.Queue[Json]") -> None:
    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            received.put_nowait(orjson.loads(message["text"]))
        elif message["type"] == "websocket.close":
            received.put_nowait({"type": "closed", "code": message["code"]})

    scope = {
        "type": "websocket",
        "path": "/graphql",
        "query_string": b"",
        "headers": [],
        "subprotocols": [GRAPHQL_TRANSPORT_WS_PROTOCOL],
    }
    await app(scope, sent.get, send)
