"""Visitors: requests, uploads, websockets and server-sent events, without a pause."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.docker.asking import HELLO, LESS_SLOW, PATIENCE, SENT_SLOWLY, SLOW, Exchange, Load, Question, failures_told
from tests.docker.visits import Visits, Wrong
from tests.docker.world import Application

Kind = Callable[[Load], Coroutine[object, object, None]]


def _http1(kind: str, question: Question, fresh: bool = False) -> Kind:
    async def run(load: Load) -> None:
        async with load.http1(fresh) as ask:
            await load.keep_asking(kind, ask, question)

    return run


def _plain(kind: str, *questions: Question, http2: bool = False) -> Kind:
    """All on one connection, side by side, when it is HTTP/2."""

    async def run(load: Load) -> None:
        async with load.get_or_post(http2=http2) as ask:
            await asyncio.gather(*(load.keep_asking(kind, ask, question) for question in questions))

    return run


async def websocket(load: Load) -> None:
    """Says something ten times a second, and hears it again, until the other side closes."""
    async for _ in load.turns():
        floor = load.visits.floor
        async with load.visits.one("websocket"):
            try:
                with failures_told() as exchange:
                    await _converse(load, floor, exchange)
            except InvalidStatus as refusal:
                load.check_page(refusal.response.status_code, bytes(refusal.response.body or b""), floor)


async def _converse(load: Load, floor: int, exchange: Exchange) -> None:
    uri, port = f"ws://{load.application.host}/ws", load.application.world.http_port
    async with connect(uri, host="127.0.0.1", port=port, proxy=None, open_timeout=PATIENCE) as socket:
        exchange.began = True
        assert socket.response is not None
        place = load.visits.place(socket.response.headers["X-Version"], floor)
        try:
            for number in range(1_000_000):
                await socket.send(f"number {number}")
                async with asyncio.timeout(PATIENCE):
                    heard = await socket.recv()
                if heard != f"number {number}":
                    raise Wrong(f"wrong echo: {heard!r} to {number}")
                await asyncio.sleep(0.1)
                if load.stop.is_set():
                    return
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise
            load.visits.ended(place)


def _events(kind: str, *, http2: bool) -> Kind:
    async def run(load: Load) -> None:
        async with load.client(http2=http2) as client:
            async for _ in load.turns():
                floor = load.visits.floor
                async with load.visits.one(kind):
                    with failures_told() as exchange:
                        await _listen(load, client, floor, exchange)

    return run


async def _listen(load: Load, client: httpx2.AsyncClient, floor: int, exchange: Exchange) -> None:
    """Every event in its turn, until the other side ends the stream."""
    async with client.stream("GET", load.url("/events")) as answer:
        exchange.began = True
        if answer.status_code != 200:
            load.check_page(answer.status_code, await answer.aread(), floor)
            return
        version, number = answer.headers["X-Version"], 0
        place = load.visits.place(version, floor)
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                number += 1
                if line != f"data: {number} from {version}":
                    raise Wrong(f"wrong event: {line!r} in place {number}")
            if load.stop.is_set():
                return
        load.visits.ended(place)


ONE_BY_ONE = _http1("HTTP/1.1, kept", HELLO)
SHORT: tuple[Kind, ...] = (
    ONE_BY_ONE,
    ONE_BY_ONE,
    _http1("HTTP/1.1, fresh", HELLO, fresh=True),
    _http1("HTTP/1.1, slow", LESS_SLOW),
    _http1("HTTP/1.1, slow", LESS_SLOW),
)
"""Requests that end: short and long ones, on kept and on fresh connections."""

EVERYTHING: tuple[Kind, ...] = (
    ONE_BY_ONE,
    _http1("HTTP/1.1, fresh", HELLO, fresh=True),
    _http1("HTTP/1.1, slow", SLOW),
    _http1("HTTP/1.1, upload", SENT_SLOWLY),
    _plain("HTTP/1.1, got", HELLO),
    _plain("HTTP/2", HELLO, HELLO, HELLO, http2=True),
    _plain("HTTP/2, slow", SLOW, SLOW, http2=True),
    _plain("HTTP/2, upload", SENT_SLOWLY, http2=True),
    websocket,
    _events("server-sent events over HTTP/1.1", http2=False),
    _events("server-sent events over HTTP/2", http2=True),
)
"""One of each kind of visitor that there is."""


@asynccontextmanager
async def visitors(
    application: Application, kinds: tuple[Kind, ...] = SHORT, *, per_second: float = 400, grace: float = 0.0
) -> AsyncGenerator[Visits]:
    """Visitors of these kinds, without a pause, at most so many requests a second in all.

    The version that answers now is expected, and no other: `Visits.expect` tells them of the next. `grace`
    is the application's grace period in seconds, which open streams may rely on.
    """
    visits = Visits((await application.get()).headers["X-Version"], grace)
    load = Load(application, visits, per_second)
    tasks = [asyncio.create_task(kind(load)) for kind in kinds]
    try:
        await visits.until(lambda: visits.versions.total() >= len(kinds))
        yield visits
    finally:
        load.stop.set()
        await asyncio.gather(*tasks)


async def take_over(
    application: Application, visits: Visits, version: str, verb: str = "deploy", **changes: object
) -> None:
    """Have the release that answers as `version` take over; once that is said, nobody else may answer."""
    if changes:
        await application.change(**changes)
    visits.expect(version)
    assert (await application.deploy(verb))["status"] == "SUCCEEDED"
    visits.settle()
