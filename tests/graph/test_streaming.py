"""Subscriptions as server-sent events: what is said, who is told, and how it ends."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, cast
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from sqlmodel import Session
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from db.models import Event as EventRow
from db.models import EventKind
from db.sessions import Sessions
from engine.events import record
from graph.ids import event_cursor, event_sequence
from graph.quotas import Quotas
from graph.scalars import Cursor
from graph.schema.messages import message
from tests.graph.conftest import CLIENTS, Served, serving
from tests.graph.reader import number_of, reading, subscribing
from tests.graph.stream import Event, Stream, connected, streaming
from tests.graph.told import TOKENS, Told, happen, telling

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = "subscription($after: Cursor) { events(after: $after) { cursor } }"
LARGE = "subscription { events { cursor ... on ResourceUpdated { name a: name b: name c: name } } }"
NAMED = "text/event-stream"
URQL = (  # sends this with everything
    "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed"
)


@pytest_asyncio.fixture(loop_scope="module")
async def told(sessions: Sessions) -> AsyncIterator[Told]:
    async with telling(sessions) as told:
        yield told


def number(event: Event) -> int:
    """The number of the event that is told, which is its id too."""
    cursor = event.said["data"]["events"]["cursor"]
    assert (event.name, event.id) == ("next", cursor)
    return event_sequence(cursor)


async def numbers(stream: Stream, count: int) -> list[int]:
    """The numbers of the next events."""
    seen: list[int] = []
    async with asyncio.timeout(20):
        while len(seen) < count:
            seen += [number(event) for event in await stream.read()]
    return seen


async def test_real_clients_ask_and_follow(told: Told) -> None:
    await told.happen("1", "2", "3", "4")
    arguments = (f"http://127.0.0.1:{told.port}/graphql", "owner", event_cursor(0), "4")
    clients = await asyncio.create_subprocess_exec(
        "node", str(CLIENTS / "stream.mjs"), *arguments, stdout=asyncio.subprocess.PIPE
    )
    report, _ = await clients.communicate()
    assert clients.returncode == 0
    cursors = [event_cursor(n) for n in range(1, 5)]
    assert json.loads(report) == dict.fromkeys(("graphql-sse", "urql", "apollo", "EventSource"), cursors)
    await told.together(0, 0)


@pytest.mark.parametrize(
    ("accept", "query", "answered"),
    [
        (NAMED, "{ viewer }", NAMED),
        (NAMED, "mutation { createToken { errors { message } } }", NAMED),
        (f"{NAMED}, */*", "{ viewer }", NAMED),
        (f"{NAMED}, application/json;q=0.9", "{ viewer }", NAMED),
        (URQL, "{ viewer }", "application/graphql-response+json"),
        (f"{NAMED}, application/json", "{ viewer }", "application/json"),
        (f"{NAMED}, application/json", "mutation { createToken { errors { message } } }", "application/json"),
        (URQL, "subscription { count(to: 1) }", NAMED),
        (f"{NAMED};q=0.1, */*", "subscription { count(to: 1) }", NAMED),
        ("*/*", "subscription { count(to: 1) }", "application/json"),
        (f"{NAMED};q=0, application/json", "subscription { count(to: 1) }", "application/json"),
    ],
)
async def test_who_only_lists_streams_has_them_for_subscriptions_and_who_prefers_them_always(
    served: Served, accept: str, query: str, answered: str
) -> None:
    async with streaming(served.port, query, Accept=accept) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, f"{answered}; charset=utf-8")
        assert stream.headers["vary"] == "Accept"
        if answered == NAMED:
            assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
            assert [event.name for event in await stream.everything()] == ["next", "complete"]


async def failure(stream: Stream) -> Any:
    """The one error with which a stream ends, what it told before skipped."""
    assert stream.status == 200
    *_, last, complete = await stream.everything()
    assert (last.name, complete.name, complete.said, stream.ended) == ("next", "complete", None, True)
    assert "data" not in last.said
    (error,) = last.said["errors"]
    return error


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        ("{", "BAD_REQUEST", "Syntax Error: Expected Name, found <EOF>."),
        ("{ nothing }", "BAD_REQUEST", "Cannot query field 'nothing' on type 'Query'."),
        ("subscription { nothing }", "BAD_REQUEST", "Cannot query field 'nothing' on type 'Subscription'."),
        ('subscription { breaks(how: "expired") }', "CURSOR_EXPIRED", "The log begins later than that."),
        ('subscription { breaks(how: "bug") }', "INTERNAL", "Something went wrong on our side"),
    ],
)
async def test_what_is_wrong_is_told_in_the_stream(served: Served, query: str, code: str, sentence: str) -> None:
    async with streaming(served.port, query) as stream:
        error = await failure(stream)
        assert error["extensions"]["code"] == code
        assert sentence in error["message"]


async def test_whoever_is_not_let_in_gets_no_stream(served: Served, told: Told) -> None:
    for token, query, status in (("wrong", "{ viewer }", 401), ("", "subscription { count(to: 1) }", 401)):
        async with streaming(served.port, query, token) as stream:
            assert (stream.status, stream.headers["content-type"]) == (status, "application/json; charset=utf-8")
    async with streaming(told.port, EVENTS, "setup") as stream:
        refusal, complete = await stream.everything()
        assert [error["extensions"] for error in refusal.said["errors"]] == [{"code": "FORBIDDEN"}]
        assert complete.name == "complete"


async def test_get_streams_queries_and_subscriptions_and_runs_no_mutation(served: Served) -> None:
    headers = {"Accept": NAMED, "Authorization": "Bearer owner"}
    for query, status in (
        ("{ viewer }", 200),
        ("subscription { count(to: 3) }", 200),
        ("mutation { createToken { errors { message } } }", 405),
    ):
        async with connected(served.port) as stream:
            await stream.ask("GET", f"/graphql?{urlencode({'query': query})}", None, **headers)
            assert stream.status == status
            if status == 200:
                assert [event.name for event in await stream.everything()][-2:] == ["next", "complete"]


async def test_one_that_comes_again_goes_on_after_the_event_that_it_saw_last(told: Told) -> None:
    await told.happen("1", "2", "3")
    async with streaming(told.port, EVENTS, **{"Last-Event-ID": event_cursor(1)}) as stream:
        assert await numbers(stream, 2) == [2, 3]
        await told.together(1)
        await told.happen("4")
        assert await numbers(stream, 1) == [4]
    async with streaming(told.port, EVENTS, **{"Last-Event-ID": "nonsense"}) as stream:
        assert stream.status == 400


async def test_streams_and_websockets_are_told_together(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(row: EventRow) -> object:
        made.append(row.sequence or 0)
        return message(row)

    monkeypatch.setattr("graph.subscriptions.events.message", counted)
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(streaming(told.port, EVENTS)) for _ in range(5)]
        sockets = [await stack.enter_async_context(reading(told.port, "other")) for _ in range(5)]
        for socket in sockets:
            await socket.send(subscribing(EVENTS))
        await told.together(10)
        await told.happen("1", "2")
        for stream in streams:
            assert await numbers(stream, 2) == [1, 2]
        for socket in sockets:
            assert [number_of(await socket.until("next"))] == [1]
        assert made == [1, 2]
        for stream in streams:
            stream.hang_up()
        await told.together(5)
    await told.together(0, 0)
    assert len(told.view._sockets) == 0


@pytest.mark.parametrize("token", ["owner", "other"])
async def test_whose_token_is_revoked_is_told_nothing_from_that_moment_on(told: Told, token: str) -> None:
    async with streaming(told.port, EVENTS, "owner") as revoked, streaming(told.port, EVENTS, "other") as other:
        await told.together(2)
        if token == "owner":
            await told.happen("1")
            assert await numbers(revoked, 1) == await numbers(other, 1) == [1]
        first = told.log.last + 1

        def revoke(session: Session) -> None:
            record(session, EventKind.REMOVED, "ApiToken", "token-1", data={"name": "laptop"})
            happen(session, ("more",))

        await asyncio.gather(told.sessions.write(revoke), told.happen("and more"))
        assert await numbers(other, 3) == [first, first + 1, first + 2]
        said, complete = await revoked.everything()
        assert complete.name == "complete"
        assert [error["extensions"]["code"] for error in said.said["errors"]] == ["UNAUTHENTICATED"]
        await told.together(1)


async def test_a_stream_ends_when_what_let_it_in_expires(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = replace(TOKENS["other"], expires_at=datetime.now(UTC) + timedelta(seconds=0.5))
    monkeypatch.setitem(TOKENS, "other", soon)
    async with streaming(told.port, EVENTS, "other") as stream:
        assert (await failure(stream))["extensions"] == {"code": "UNAUTHENTICATED"}
    await told.together(0, 0)


async def test_a_quiet_stream_has_a_heartbeat(told: Told) -> None:
    told.view.streams = replace(told.view.streams, heartbeat=0.05)
    async with streaming(told.port, EVENTS) as stream:
        while stream.comments < 3:
            assert await stream.read() == []
        await told.happen("1")
        assert await numbers(stream, 1) == [1]


async def test_a_viewer_has_so_many_streams(served: Served, told: Told) -> None:
    told.view.streams = replace(told.view.streams, quotas=Quotas(sockets=2))
    async with streaming(told.port, EVENTS) as one, streaming(told.port, EVENTS):
        async with streaming(told.port, EVENTS) as third:
            assert (third.status, third.headers["retry-after"]) == (429, "1")
        await told.together(2)
        one.hang_up()
        await told.together(1)
        async with streaming(told.port, EVENTS) as third:
            assert third.status == 200


async def test_one_that_reads_nothing_delays_nobody_and_is_told_to_resume(told: Told) -> None:
    patience, happened = 2.0, 0
    told.view.streams = replace(told.view.streams, patience=patience)
    async with streaming(told.port, LARGE) as silent, reading(told.port, "other") as reader:
        await reader.send(subscribing(LARGE))
        await told.together(2)
        delays: list[float] = []
        async with asyncio.timeout(20):
            while len(told.view._sockets) == 2:
                at = time.perf_counter()
                await told.happen(*("x" * 500 for _ in range(10)))
                seen: list[int] = []
                while len(seen) < 10:
                    seen += [number_of(message) for message in await reader.read()]
                assert seen == list(range(happened + 1, happened + 11))
                delays.append(time.perf_counter() - at)
                happened += 10
        assert max(delays) < patience, "whoever waits for the silent one waits as long as it is waited for"
        assert median(delays) < patience / 10
        *events, last, complete = await silent.everything()
        assert (last.said["errors"][0]["extensions"], complete.name) == ({"code": "TOO_SLOW"}, "complete")
        assert [number(event) for event in events] == list(range(1, len(events) + 1))
        assert 0 < len(events) < happened
        await silent.closed()
    async with streaming(told.port, EVENTS, **{"Last-Event-ID": cast(Cursor, events[-1].id)}) as resumed:
        assert await numbers(resumed, happened - len(events)) == list(range(len(events) + 1, happened + 1))


async def test_one_that_asks_for_more_behind_its_stream_leaves_nothing_when_it_hangs_up(told: Told) -> None:
    async with streaming(told.port, EVENTS) as stream:
        await told.together(1)
        await stream.send(b"GET /graphql?query={eventCursor} HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        await told.happen("1")
        assert await numbers(stream, 1) == [1]
        stream.hang_up()
        while told.view.broadcasts.members:
            await told.happen("more")
    await told.together(0, 0)
    while told.view._sockets:
        await asyncio.sleep(0)


async def test_a_stream_does_not_keep_a_server_from_stopping(told: Told) -> None:
    async with AsyncExitStack() as stack:
        async with serving(told.view, timeout_graceful_shutdown=30) as port:
            stream = await stack.enter_async_context(streaming(port, EVENTS))
            await told.together(1)
            began = time.monotonic()
        assert time.monotonic() - began < 5
        assert await stream.everything() == []
        assert not stream.ended, "so that it connects again"


async def test_on_a_server_that_is_not_ours_each_is_told_alone(told: Told) -> None:
    async with serving(told.view, http=HttpToolsProtocol) as port, streaming(port, EVENTS) as stream:
        for name in ("1", "2"):
            await told.happen(name)
            assert await numbers(stream, 1) == [int(name)]
            assert told.view.broadcasts.members == 0
        stream.hang_up()
        while told.view._sockets:
            await asyncio.sleep(0.01)


async def test_a_token_that_is_revoked_while_the_body_arrives_opens_no_stream(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([TOKENS["owner"], None])
    monkeypatch.setattr(told.view, "_authenticate", lambda *_: next(found))
    async with streaming(told.port, EVENTS) as stream:
        assert stream.status == 401
