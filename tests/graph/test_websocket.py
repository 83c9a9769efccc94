"""graphql-transport-ws: who gets in, and what closes a socket."""

import pytest
import websockets

from graph.websocket import fault_in
from tests.graph.conftest import Served
from tests.graph.small import RUNNING
from tests.graph.sockets import ACK, INIT, raw, subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")


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


async def test_the_protocol_has_these_messages() -> None:
    for message in (
        {"type": "connection_init"},
        {"type": "connection_init", "payload": None},
        {"type": "ping", "payload": {"at": 1}},
        {"type": "complete", "id": "1"},
        subscribe("{ viewer }", variables={}, extensions={}, operationName="A"),
    ):
        assert fault_in(message) is None
