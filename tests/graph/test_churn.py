"""Clients come and go all the time, with and without a farewell: nothing of them stays."""

import asyncio
import gc
import logging
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from db.sessions import Sessions
from graph.ids import event_cursor
from graph.wire import Wire
from tests.docker.usage import private_mib
from tests.graph.reader import Reader, number_of, reading, subscribing
from tests.graph.stream import Stream, streaming
from tests.graph.told import Told, telling

log = logging.getLogger(__name__)

EVENTS = "subscription { events { cursor } }"
REMEMBERED = 4096  # events, in memory
FAREWELLS = 4
SOAK_SECONDS, WARM_SECONDS = 600, 120


@pytest.fixture
async def told(sessions: Sessions) -> AsyncIterator[Told]:
    async with telling(sessions, Wire) as told:
        for _ in range(8):
            await told.happen(*["before"] * (REMEMBERED // 8))  # from now on, one is forgotten for each that comes
        yield told


async def test_nothing_stays_of_those_who_have_gone(told: Told) -> None:
    before = held(told)
    for _ in range(3):
        await come_and_go(told, 8)
    await until_held(told, before)
    objects = alive()
    for _ in range(5):
        await come_and_go(told, 8)
    await until_held(told, before)
    assert alive() - objects < 2 * 5 * 8 / 2, "not even one object for every second client"


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS + 120)
async def test_nothing_grows_over_ten_minutes_of_coming_and_going(told: Told) -> None:
    for _ in range(REMEMBERED // 2):  # what a transaction leaves with its events goes with them: now all are small
        await told.happen("one", "two")
    before = held(told)
    await churn(told, WARM_SECONDS)
    objects, mib = alive(), private_mib(os.getpid())
    came = await churn(told, SOAK_SECONDS - WARM_SECONDS)
    await until_held(told, before)
    more, grown = alive() - objects, private_mib(os.getpid()) - mib
    log.info("%d came and went: %d objects and %.1f MiB more", came, more, grown)
    assert more < came / 100
    assert grown < 8


async def churn(told: Told, seconds: float) -> int:
    """How many came and went in this time."""
    end, came = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        await come_and_go(told, 50)
        came += 100
    return came


async def come_and_go(told: Told, number: int) -> None:
    """So many websockets, and as many streams, that are told something and go, each in its own way."""
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(reading(told.port, "owner")) for _ in range(number)]
        for reader in readers:
            await reader.send(subscribing(EVENTS))
        streams = [await stack.enter_async_context(streaming(told.port, EVENTS)) for _ in range(number)]
        await told.together(2 * number)
        last = told.log.last
        await told.happen("one", "two")
        for each, (reader, stream) in enumerate(zip(readers, streams, strict=True)):
            await go(each % FAREWELLS, reader, stream, last + 2)
    await told.together(0, 0)


async def go(way: int, reader: Reader, stream: Stream, last: int) -> None:
    if way == 0:  # without having read anything
        reader.hang_up()
        stream.hang_up()
        return
    await until_told(reader, last)
    while not any(event.id == event_cursor(last) for event in await stream.read()):
        pass
    if way == 1:
        reader.hang_up()
        stream.hang_up()
    elif way == 2:
        await reader.send({"type": "complete", "id": "1"})
        await reader.leave()
    # else: the connections are closed without a word on the websocket


async def until_told(reader: Reader, last: int) -> None:
    while last not in map(number_of, await reader.read()):
        pass


def held(told: Told) -> dict[str, int]:
    """How much there is of all that a client may leave behind."""
    view = told.view
    quotas = (view.quotas.sockets, view.quotas.operations, view.quotas.requests, view.quotas.bodies)
    return {
        "sockets": len(told.sockets),
        "grounds": len(told.sockets._open),
        "broadcasts": len(view.broadcasts),
        "viewers in quotas": sum(len(quota._taken) for quota in quotas),
        "subscriptions": sum(view.operations.subscriptions.values()),
        "tasks": len(asyncio.all_tasks()),
        "files": len(os.listdir("/proc/self/fd")),
    }


async def until_held(told: Told, wanted: dict[str, int]) -> None:
    """Wait until there is no more than this. Those who have gone are noticed one after the other."""
    end = time.monotonic() + 10
    while (more := Counter(held(told)) - Counter(wanted)) and time.monotonic() < end:
        await asyncio.sleep(0.01)
    assert not more


def alive() -> int:
    """How many objects there are that are no garbage."""
    gc.collect()
    return len(gc.get_objects())
