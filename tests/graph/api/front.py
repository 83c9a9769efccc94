"""The front door of the API: the real application, asked over HTTP and over a websocket."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from starlette.types import ASGIApp
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from tests.graph.api.fuzzing import encoded

Json = dict[str, Any]

_SEEN = {"event", "sqlite_sequence", "server"}  # what is told, and its numbers; and what was last seen
_A_WHILE = 0.05  # seconds
_TURNS = 200  # of the event loop: a first message waits for nothing else, and takes five of them


@dataclass(frozen=True)
class Answer:
    """`seconds` are those that this process, server and client, computed for it."""

    status: int
    body: bytes
    seconds: float = 0

    def json(self) -> Json:
        return dict(orjson.loads(self.body))


@dataclass(frozen=True)
class Front:
    """`database` is looked into from outside, to see whether a request has changed anything.

    `changes_of_docker` are the requests to Docker that are no questions.
    """

    app: ASGIApp
    token: str
    client: httpx2.AsyncClient
    database: sqlite3.Connection
    changes_of_docker: list[str] = field(default_factory=list)

    async def post(self, query: str, variables: Json | None = None) -> Answer:
        body = encoded({"query": query, "variables": variables})
        began = time.process_time()
        response = await self.client.post("/graphql", content=body)
        return Answer(response.status_code, response.content, time.process_time() - began)

    async def data(self, query: str, **variables: object) -> Json:
        answer = (await self.post(query, variables)).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def contents(self) -> dict[str, list[Any]]:
        """All that is remembered, but for events, what was last seen of Docker, and when tokens were used."""
        tables = [name for (name,) in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: _rows(self.database, name) for name in tables if name not in _SEEN}

    async def first_message(self, query: str, variables: Json) -> Answer:
        """The first message that answers a subscription, as if it came over HTTP; no errors if none comes soon."""
        began = time.process_time()
        async with self._subscribed(query, variables) as received:
            message = await _soon(received) or {"type": "complete"}
        if message == {"type": "closed", "code": 4400}:
            return Answer(
                400, b'{"errors": [{"message": "That was no message.", "extensions": {"code": "BAD_REQUEST"}}]}'
            )
        assert message["type"] in ("next", "error", "complete"), message
        payload = message.get("payload", {})
        body = {"errors": payload} if isinstance(payload, list) else payload
        return Answer(200, orjson.dumps(body), time.process_time() - began)

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
            gc.freeze()  # as the server does: what the tests have loaded is not looked through in anybody's request
            yield Front(app, token, client, connection)
            gc.unfreeze()


async def _soon(received: "asyncio.Queue[Json]") -> Json | None:
    """The next message, None if none comes within a while; on a busy machine, after everybody has had many turns."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(received.get(), _A_WHILE)
    for _ in range(_TURNS):
        if not received.empty():
            break
        await asyncio.sleep(0)
    return None if received.empty() else received.get_nowait()


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
