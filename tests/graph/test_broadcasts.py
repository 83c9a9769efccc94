"""One execution of an event for many subscribers: who is told what, by the real schema on a real event log."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import Any

import pytest
from sqlmodel import Session
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from db.models import Event, EventKind
from db.sessions import Sessions
from engine.events import record
from graph.ids import event_cursor
from graph.schema.messages import message
from graph.wire import TOO_SLOW
from tests.graph.conftest import serving
from tests.graph.reader import Reader, everything, number_of, reading, subscribing
from tests.graph.told import HastyWire, Told, happen, telling

EVENTS = "subscription($after: Cursor) { events(after: $after) { cursor } }"
BUFFER = 64 * 1024  # what a transport takes before it says that it is full
TOGETHER = 20 * 1024  # what is told at once, at most, of events as small as these


@pytest.fixture
async def told(sessions: Sessions) -> AsyncIterator[Told]:
    HastyWire.opened.clear()
    async with telling(sessions) as told:
        yield told


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of every event that is executed, as often as it is."""
    made: list[int] = []

    def counted(row: Event) -> object:
        made.append(row.sequence or 0)
        return message(row)

    monkeypatch.setattr("graph.subscriptions.events.message", counted)
    return made


async def cursors(reader: Reader, count: int) -> list[int]:
    """The numbers of the next events."""
    seen: list[int] = []
    async with asyncio.timeout(20):
        while len(seen) < count:
            seen += [number_of(message) for message in await reader.read()]
    return seen


async def test_an_event_is_executed_once_however_many_are_told(told: Told, executed: list[int]) -> None:
    await told.happen("1", "2", "3")
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(reading(told.port, "owner")) for _ in range(20)]
        for n, reader in enumerate(readers):
            await reader.send(subscribing(EVENTS, id=f"mine-{n}", after=event_cursor(n % 3)))
        await told.together(20)
        for n, reader in enumerate(readers):
            assert await cursors(reader, 3 - n % 3) == [1, 2, 3][n % 3 :], "what was missed is told to each alone"
        executed.clear()
        await told.happen("4", "5")
        await told.happen("6")
        for n, reader in enumerate(readers):
            answers: list[Any] = []
            while len(answers) < 3:
                answers += await reader.read()
            assert {answer["id"] for answer in answers} == {f"mine-{n}"}
            assert [number_of(answer) for answer in answers] == [4, 5, 6]
        assert executed == [4, 5, 6]
    await told.together(0, 0)


NAME = "... on ResourceUpdated { name }"
CHOSEN = f"subscription A {{ events {{ {NAME} }} }} subscription B {{ events {{ __typename }} }}"
WANTED = """subscription($name: Boolean!, $type: Boolean! = false) { events {
    ... on ResourceUpdated @include(if: $name) { name } __typename @skip(if: $type) } }"""
SHAPES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"query": f"subscription {{ events {{ {NAME} }} }}"}, {"events": {"name": "shop"}}),
    ({"query": f"subscription {{ told: events {{ {NAME} }} }}"}, {"told": {"name": "shop"}}),
    ({"query": "subscription { events { it: __typename } }"}, {"events": {"it": "ResourceUpdated"}}),
    (
        {"query": "fragment F on ResourceUpdated { called: name } subscription { events { ...F } }"},
        {"events": {"called": "shop"}},
    ),
    ({"query": CHOSEN, "operationName": "A"}, {"events": {"name": "shop"}}),
    ({"query": CHOSEN, "operationName": "B"}, {"events": {"__typename": "ResourceUpdated"}}),
    ({"query": WANTED, "variables": {"name": True, "type": True}}, {"events": {"name": "shop"}}),
    ({"query": WANTED, "variables": {"name": False, "type": True}}, {"events": {}}),
    ({"query": WANTED, "variables": {"name": False}}, {"events": {"__typename": "ResourceUpdated"}}),
    (
        {"query": WANTED, "variables": {"name": True}},
        {"events": {"name": "shop", "__typename": "ResourceUpdated"}},
    ),
]


async def test_each_is_told_in_the_shape_it_asked_for(told: Told) -> None:
    async with AsyncExitStack() as stack:
        readers = []
        for payload, expected in SHAPES * 2:
            reader = await stack.enter_async_context(reading(told.port, "owner"))
            await reader.send({"type": "subscribe", "id": "1", "payload": payload})
            readers.append((reader, expected))
        await told.together(2 * len(SHAPES), len(SHAPES))
        await told.happen("shop")
        for reader, expected in readers:
            assert (await reader.until("next"))["payload"] == {"data": expected}


async def test_an_after_that_decides_more_than_the_beginning_is_not_shared(told: Told) -> None:
    query = """subscription($after: Cursor) { events(after: $after) {
        ... on ResourceUpdated { node {
            ... on Application { deployments(after: $after) { pageInfo { endCursor } } } } } } }"""
    async with reading(told.port, "owner") as one, reading(told.port, "owner") as two:
        await one.send(subscribing(query, after=event_cursor(0)))
        await two.send(subscribing(query, after=None))
        await told.together(2, 2)


async def test_who_may_not_read_events_is_told_none_while_others_are(told: Told) -> None:
    async with reading(told.port, "owner") as owner, reading(told.port, "setup") as limited:
        await owner.send(subscribing(EVENTS))
        await told.together(1)
        await limited.send(subscribing(EVENTS))
        (refusal,) = (await limited.all_until("complete"))[0]["payload"]["errors"]
        assert refusal["extensions"] == {"code": "FORBIDDEN"}
        await told.happen("shop")
        assert await cursors(owner, 1) == [1]
        await limited.send({"type": "ping"})
        assert await limited.all_until("pong") == [{"type": "pong"}], "and nothing before it"
        assert told.view.broadcasts.members == 1


async def test_whose_token_is_revoked_is_told_nothing_from_that_moment_on(told: Told) -> None:
    async with reading(told.port, "owner") as revoked, reading(told.port, "other") as other:
        for reader in (revoked, other):
            await reader.send(subscribing(EVENTS))
        await told.together(2)
        await told.happen("1")
        assert await cursors(revoked, 1) == await cursors(other, 1) == [1]

        def revoke(session: Session) -> None:
            record(session, EventKind.REMOVED, "ApiToken", "token-1", data={"name": "laptop"})
            happen(session, ("3",))

        await asyncio.gather(told.sessions.write(revoke), told.happen("4"))
        assert await cursors(other, 3) == [2, 3, 4]
        assert await everything(revoked) == []
        assert revoked.close is not None
        assert revoked.close.code == 4403
        await told.together(1)


async def test_who_comes_while_others_are_being_told_misses_nothing(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.broadcasts.AT_ONCE", 1)
    async with AsyncExitStack() as stack:
        readers = []
        for n in range(1, 21):
            reader = await stack.enter_async_context(reading(told.port, "owner"))
            await reader.send(subscribing(EVENTS, after=event_cursor(0)))
            readers.append(reader)
            await told.happen(str(n))
        await told.together(20)
        for reader in readers:
            assert await cursors(reader, 20) == list(range(1, 21))


async def test_what_happens_at_once_is_told_in_one_piece(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []
    push = HastyWire.push

    def noted(wire: HastyWire, frames: bytes) -> bool:
        pieces.append(frames)
        return push(wire, frames)

    monkeypatch.setattr(HastyWire, "push", noted)
    async with reading(told.port, "owner") as one, reading(told.port, "owner") as two:
        for reader in (one, two):
            await reader.send(subscribing(EVENTS))
        await told.together(2)
        await told.happen(*map(str, range(20)))
        assert await cursors(one, 20) == await cursors(two, 20) == list(range(1, 21))
    assert [piece.count(b'"cursor"') for piece in pieces] == [16, 16, 4, 4]


@asynccontextmanager
async def following(told: Told, number: int) -> AsyncIterator[list[Reader]]:
    """So many who are told of all events together."""
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(reading(told.port, "owner")) for _ in range(number)]
        for reader in readers:
            await reader.send(subscribing(EVENTS))
        await told.together(number)
        yield readers


async def test_who_writes_is_let_past_those_who_are_being_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.broadcasts.AT_ONCE", 1)
    monkeypatch.setattr("graph.broadcasts.WAY_SECONDS", 10.0)
    async with following(told, 5) as readers:
        written: list[int] = []
        push = HastyWire.push

        def noted(wire: HastyWire, frames: bytes) -> bool:
            written.append(told.log.last)
            if len(written) == 1:
                writing.append(asyncio.ensure_future(told.happen("2")))
            return push(wire, frames)

        writing: list[asyncio.Future[None]] = []
        monkeypatch.setattr(HastyWire, "push", noted)
        await told.happen("1")
        for reader in readers:
            assert await cursors(reader, 2) == [1, 2]
        await asyncio.gather(*writing)
    assert written[:5].count(1) <= 2, "whoever is told after the write began waits until it is done"


async def test_who_waits_for_an_answer_is_let_past_those_who_are_being_told(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.broadcasts.AT_ONCE", 1)
    monkeypatch.setattr("graph.broadcasts.WAY_SECONDS", 60.0)
    async with following(told, 3) as readers:
        pushed: list[bytes] = []
        push = HastyWire.push

        def noted(wire: HastyWire, frames: bytes) -> bool:
            pushed.append(frames)
            return push(wire, frames)

        monkeypatch.setattr(HastyWire, "push", noted)
        with told.view.operations.watched("http", "{ __typename }", None):
            await told.happen(*map(str, range(40)))
            for reader in readers:
                assert await cursors(reader, 16) == list(range(1, 17)), "who is far behind gives no way"
            await asyncio.sleep(0.05)
            assert len(pushed) == 3
        for reader in readers:
            assert await cursors(reader, 24) == list(range(17, 41))


async def test_nobody_is_let_past_for_long(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.broadcasts.AT_ONCE", 1)
    async with reading(told.port, "owner") as one, reading(told.port, "owner") as two:
        for reader in (one, two):
            await reader.send(subscribing(EVENTS))
        await told.together(2)
        with told.view.operations.watched("http", "{ __typename }", None):
            await told.happen("1")
            assert await cursors(one, 1) == await cursors(two, 1) == [1]


async def test_what_breaks_for_all_is_tried_for_each_alone(
    told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = iter([True])

    def breaking_once(row: Event) -> object:
        if row.sequence == 2 and next(broken, False):
            raise RuntimeError("this once")
        return message(row)

    monkeypatch.setattr("graph.subscriptions.events.message", breaking_once)
    async with reading(told.port, "owner") as one, reading(told.port, "owner") as two:
        for reader in (one, two):
            await reader.send(subscribing(EVENTS))
        await told.together(2)
        await told.happen("1", "2", "3")
        assert await cursors(one, 3) == await cursors(two, 3) == [1, 2, 3]
        await told.together(2)
        await told.happen("4")
        assert await cursors(one, 1) == await cursors(two, 1) == [4]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["this once"]


async def test_one_that_pauses_is_told_by_itself_and_then_together_again(
    told: Told, executed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HastyWire, "patience", 60.0)  # a pause is as long as the other one takes to be told all of it
    async with reading(told.port, "owner") as pausing, reading(told.port, "owner") as steady:
        for reader in (pausing, steady):
            await reader.send(subscribing(LARGE))
        await told.together(2)
        following = asyncio.create_task(cursors(steady, 300))
        await until_left_behind(told, 300)
        assert await following == await cursors(pausing, 300) == list(range(1, 301))
        assert set(executed) == set(range(1, 301))
        assert len(executed) > 300
        await told.together(2)


LARGE = "subscription { events { cursor ... on ResourceUpdated { name a: name b: name c: name } } }"


async def until_left_behind(told: Told, events: int) -> None:
    """Let more happen than all buffers hold."""
    for n in range(0, events, 20):
        await told.happen(*(f"{n + i}-{'x' * 2000}" for i in range(20)))
        await asyncio.sleep(0)
    await told.together(1)


async def test_one_that_reads_nothing_costs_a_buffer_delays_nobody_and_is_told_to_resume(told: Told) -> None:
    happened, most = 0, 0
    async with reading(told.port, "owner") as silent, reading(told.port, "other") as reader:
        for each in (silent, reader):
            await each.send(subscribing(LARGE))
        await told.together(2)
        delays: list[float] = []
        async with asyncio.timeout(20):
            while not any(wire.close_sent for wire in HastyWire.opened):
                at = time.perf_counter()
                await told.happen(*("x" * 500 for _ in range(10)))
                assert await cursors(reader, 10) == list(range(happened + 1, happened + 11))
                delays.append(time.perf_counter() - at)
                happened += 10
                most = max(most, *(wire.transport.get_write_buffer_size() for wire in HastyWire.opened))
        assert BUFFER / 4 < most <= BUFFER + TOGETHER, "one buffer and what is told at once"
        assert max(delays) < HastyWire.patience, "whoever waits for the silent one waits as long as it is waited for"
        assert median(delays) < HastyWire.patience / 10

        seen = await everything(silent)
        assert silent.close is not None
        assert (silent.close.code, "after your last cursor" in silent.close.reason) == (TOO_SLOW, True)
        assert 0 < len(seen) < happened
    async with reading(told.port, "owner") as resumed:
        await resumed.send(subscribing(EVENTS, after=event_cursor(seen[-1])))
        seen += await cursors(resumed, happened - len(seen))
    assert seen == list(range(1, happened + 1))


async def test_one_that_answers_no_ping_is_told_to_resume_as_well(told: Told) -> None:
    async with (
        serving(told.view, ws_ping_interval=0.2, ws_ping_timeout=0.2) as port,
        reading(port, "owner") as silent,
    ):
        await silent.send(subscribing(EVENTS))
        await told.together(1)
        await told.together(0, 0)
        assert await everything(silent) == []
        assert silent.close is not None
        assert silent.close.code == TOO_SLOW


async def test_on_a_wire_that_is_not_ours_each_is_told_alone(told: Told) -> None:
    async with serving(told.view, WebSocketsSansIOProtocol) as port, reading(port, "owner") as reader:
        await reader.send(subscribing(EVENTS, after=event_cursor(0)))
        for name in ("1", "2"):
            await told.happen(name)
            assert await cursors(reader, 1) == [int(name)]
            assert told.view.broadcasts.members == 0
