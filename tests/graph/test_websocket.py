"""graphql-transport-ws, frame by frame."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from graph.websocket import fault_in
from tests.graph.conftest import Served
from tests.graph.small import RUNNING

pytestmark = pytest.mark.asyncio(loop_scope="module")

INIT = {"type": "connection_init", "payload": {"token": "owner"}}
ACK = {"type": "connection_ack"}


class Socket:
    """A client that says exactly what it is told to."""

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


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[" * 5000,
        "NaN",
        '"\\ud800"',
        b"\x00",
        b'{"type": "ping"}',
        5,
        None,
        "null",
        [1, 2],
        {},
        {"type": None},
        {"type": 5},
        {"type": "x" * 500},
        {"type": "\u0000é" * 100},
        {"type": "start", "id": "1", "payload": {"query": "{ viewer }"}},
        {"type": "connection_ack"},
        {"type": "next", "id": "1", "payload": {}},
        {"type": "connection_init", "payload": "owner"},
        {"type": "connection_init", "payload": []},
        {"type": "ping", "payload": 1},
        {"type": "pong", "payload": []},
        {"type": "complete"},
        {"type": "complete", "id": 1},
        {"type": "complete", "id": ""},
        {"type": "subscribe"},
        {"type": "subscribe", "payload": {"query": "{ viewer }"}},
        {"type": "subscribe", "id": 1, "payload": {"query": "{ viewer }"}},
        {"type": "subscribe", "id": "", "payload": {"query": "{ viewer }"}},
        {"type": "subscribe", "id": ["1"], "payload": {"query": "{ viewer }"}},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": None},
        {"type": "subscribe", "id": "1", "payload": "{ viewer }"},
        {"type": "subscribe", "id": "1", "payload": []},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "1", "payload": {"query": None}},
        {"type": "subscribe", "id": "1", "payload": {"query": ["{ viewer }"]}},
        subscribe("{ viewer }", variables=[]),
        subscribe("{ viewer }", variables="{}"),
        subscribe("{ viewer }", operationName=1),
        subscribe("{ viewer }", extensions=[]),
    ],
    ids=lambda frame: repr(frame)[:60],
)
@pytest.mark.parametrize("initialised", [False, True])
async def test_what_the_protocol_does_not_know_closes_with_4400(
    served: Served, caplog: pytest.LogCaptureFixture, frame: object, initialised: bool
) -> None:
    async with raw(served) as socket:
        if initialised:
            await socket.send(INIT)
        await socket.send(frame)
        code, reason = await socket.closed()
    assert (code, bool(reason)) == (4400, True)
    assert not caplog.records


@pytest.mark.parametrize(
    ("frames", "closed"),
    [
        ([subscribe("{ viewer }")], (4401, "Unauthorized")),
        ([{"type": "ping"}, subscribe("{ viewer }")], (4401, "Unauthorized")),
        ([INIT, INIT], (4429, "Too many initialisation requests")),
        ([INIT, {"type": "connection_init"}], (4429, "Too many initialisation requests")),
        (
            [INIT, subscribe("subscription { forEver }"), subscribe("{ viewer }")],
            (4409, "Subscriber for 1 already exists"),
        ),
        (
            [INIT, subscribe("subscription { busy }"), subscribe("subscription { busy }")],
            (4409, "Subscriber for 1 already exists"),
        ),
        (
            [INIT, subscribe("subscription { forEver }", "é" * 99), subscribe("{ viewer }", "é" * 99)],
            (4409, "Subscriber for " + "é" * 54),
        ),
        ([], (4408, "Connection initialisation timeout")),
        ([{"type": "complete", "id": "1"}], (4408, "Connection initialisation timeout")),
    ],
)
async def test_what_comes_at_the_wrong_time_closes_as_the_protocol_says(
    served: Served,
    caplog: pytest.LogCaptureFixture,
    frames: list[object],
    closed: tuple[int, str],
) -> None:
    async with raw(served) as socket:
        await socket.send(*frames)
        assert await socket.closed() == closed
    await RUNNING.until(0)
    assert not caplog.records


@pytest.mark.parametrize(
    "payload",
    [
        {"token": "owner"},
        {"authorization": "Bearer owner"},
        {"Authorization": "bearer owner", "other": None},
    ],
)
async def test_a_token_in_the_first_message_lets_in(served: Served, payload: dict[str, object]) -> None:
    async with raw(served) as socket:
        await socket.send({"type": "connection_init", "payload": payload})
        assert await socket.receive() == ACK


@pytest.mark.parametrize("init", [{}, {"payload": None}, {"payload": {}}, {"payload": {"token": None}}])
async def test_a_token_in_the_upgrade_request_lets_in(served: Served, init: dict[str, object]) -> None:
    async with raw(served, Authorization="Bearer owner") as socket:
        await socket.send({"type": "connection_init", **init})
        assert await socket.receive() == ACK


@pytest.mark.parametrize(
    "init",
    [
        {},
        {"payload": None},
        {"payload": {"token": "wrong"}},
        {"payload": {"token": ["owner"]}},
        {"payload": {"authorization": "owner"}},
        {"payload": {"authorization": "Basic owner"}},
    ],
)
async def test_who_has_no_token_is_sent_away(served: Served, init: dict[str, object]) -> None:
    async with raw(served) as socket:
        await socket.send({"type": "connection_init", **init})
        assert await socket.closed() == (4403, "Forbidden")


async def test_other_protocols_are_not_spoken(served: Served) -> None:
    async with raw(served, "graphql-ws") as socket:
        assert await socket.closed() == (4406, "Subprotocol not acceptable")


async def test_pages_of_other_origins_open_no_sockets(served: Served) -> None:
    with pytest.raises(websockets.InvalidStatus, match="403"):
        async with raw(served, Origin="https://evil.example"):
            pass
    async with raw(served, Origin=f"http://{served.address}"):
        pass


async def test_pings_are_answered_at_any_time(served: Served) -> None:
    async with raw(served) as socket:
        await socket.send({"type": "ping"}, {"type": "pong"}, {"type": "ping", "payload": None})
        assert await socket.receive() == await socket.receive() == {"type": "pong"}
        await socket.send(INIT, {"type": "ping", "payload": {"at": 1}})
        assert [await socket.receive(), await socket.receive()] == [ACK, {"type": "pong"}]


async def test_ids_that_are_unknown_or_done_are_ignored_and_free(served: Served) -> None:
    async with connected(served) as socket:
        await socket.send({"type": "complete", "id": "never"})
        for _ in range(2):
            await socket.send(subscribe("{ viewer }", variables=None, operationName=None, extensions=None))
            assert await socket.receive() == {"type": "next", "id": "1", "payload": {"data": {"viewer": "laptop"}}}
            assert await socket.receive() == {"type": "complete", "id": "1"}
            await socket.send({"type": "complete", "id": "1"})


async def test_a_stream_ends_when_either_side_says_so(served: Served) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe("subscription { count(to: 2) }"))
        assert [(await socket.receive())["type"] for _ in range(3)] == ["next", "next", "complete"]
        await socket.send(subscribe("subscription { forEver }"))
        assert (await socket.receive())["payload"] == {"data": {"forEver": "open"}}
        await socket.send({"type": "complete", "id": "1"})
        await RUNNING.until(0)
        await socket.send(subscribe("{ viewer }"))
        assert (await socket.receive())["payload"] == {"data": {"viewer": "laptop"}}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"query": ""}, ""),
        ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
        ({"query": "{ nothing }"}, "Cannot query field 'nothing' on type 'Query'."),
        ({"query": "query A { viewer }", "operationName": "B"}, 'Unknown operation named "B".'),
        ({"query": "query A { viewer } query B { viewer }"}, "choose one with operationName"),
        ({"query": "fragment A on Query { viewer }"}, "Can't get GraphQL operation type"),
        (
            {"query": "query ($text: String!) { echo(text: $text) }", "variables": {"text": 5}},
            "Variable '$text' has invalid value: String cannot represent a non string value: 5",
        ),
        (
            {"query": "subscription ($to: Int!) { count(to: $to) }"},
            "Variable '$to' has invalid value: Expected a value of non-null type 'Int!' to be provided.",
        ),
    ],
)
async def test_what_cannot_be_executed_is_an_error_of_its_operation_alone(
    served: Served, caplog: pytest.LogCaptureFixture, payload: dict[str, object], message: str
) -> None:
    async with connected(served) as socket:
        for _ in range(2):  # the second time from the caches
            await socket.send({"type": "subscribe", "id": "bad", "payload": payload})
            answer = await socket.receive()
            assert (answer["type"], answer["id"]) == ("error", "bad")
            assert message in answer["payload"][0]["message"]
        await socket.send(subscribe("{ viewer }"))
        assert (await socket.receive())["payload"] == {"data": {"viewer": "laptop"}}
    assert not caplog.records


async def test_a_stream_that_breaks_ends_with_an_error_that_says_why(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe('subscription { breaks(how: "expired") }'))
        assert (await socket.receive())["payload"] == {"data": {"breaks": 1}}
        error = await socket.receive()
        assert error["type"] == "error"
        assert error["payload"][0]["message"] == "The log begins later than that."
        assert error["payload"][0]["extensions"] == {"code": "CURSOR_EXPIRED"}
        assert not caplog.records

        await socket.send(subscribe('subscription { breaks(how: "bug") }'))
        await socket.receive()
        (bug,) = (await socket.receive())["payload"]
        assert bug["extensions"]["code"] == "INTERNAL"
        assert "hunter2" not in json.dumps(bug)
        assert [bug["extensions"]["id"] in record.getMessage() for record in caplog.records] == [True]


async def test_an_answer_that_cannot_be_encoded_is_a_masked_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe("{ unprintable }"))
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "INTERNAL"
        assert len(caplog.records) == 1


async def test_a_bug_while_signing_in_closes_with_a_code(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async with raw(served) as socket:
        await socket.send({"type": "connection_init", "payload": {"token": "broken"}})
        assert await socket.closed() == (4500, "Internal server error")
    assert len(caplog.records) == 1


async def test_one_socket_runs_a_hundred_operations_and_no_more(served: Served) -> None:
    async with connected(served) as socket:
        await socket.send(*(subscribe("subscription { forEver }", str(n)) for n in range(101)))
        answers = [await socket.receive() for _ in range(101)]
        assert [answer["id"] for answer in answers if answer["type"] == "error"] == ["100"]
    await RUNNING.until(0)


@pytest.mark.parametrize("query", ["subscription { forEver }", "subscription { busy }"])
async def test_a_client_that_vanishes_frees_what_it_held(
    served: Served, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe(query), subscribe("subscription { forEver }", "2"))
        await RUNNING.until(1 + (query == "subscription { forEver }"))
        await socket.hang_up()
        await RUNNING.until(0)
    assert not caplog.records


async def test_sockets_of_a_revoked_token_are_closed_and_others_are_not(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served) as revoked, raw(served) as other:
        await revoked.send(subscribe("subscription { forEver }"), subscribe("subscription { busy }", "2"))
        await other.send({"type": "connection_init", "payload": {"token": "setup"}})
        assert await other.receive() == ACK
        assert len(served.sockets) == 2
        await RUNNING.until(1)
        await served.sockets.close_viewer("token-1")
        assert await revoked.closed() == (4403, "Forbidden")
        await RUNNING.until(0)
        await other.send({"type": "ping"})
        assert await other.receive() == {"type": "pong"}
    assert not caplog.records


async def test_a_token_may_revoke_itself(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(served) as first, connected(served) as second:
        await first.send(subscribe("mutation { revokeOwnToken { errors { code } } }"))
        assert await first.closed() == await second.closed() == (4403, "Forbidden")
    assert not caplog.records


async def test_the_protocol_has_these_messages() -> None:
    for message in (
        {"type": "connection_init"},
        {"type": "connection_init", "payload": None},
        {"type": "ping", "payload": {"at": 1}},
        {"type": "complete", "id": "1"},
        subscribe("{ viewer }", variables={}, extensions={}, operationName="A"),
    ):
        assert fault_in(message) is None
