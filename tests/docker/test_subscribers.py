"""Subscribers that are cut off, and one that does not read, while events of real containers flow."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from statistics import median

import aiodocker
import pytest
from aiodocker.containers import DockerContainer

from graph.ids import event_cursor, event_sequence, local_id
from graph.scalars import Cursor
from graph.wire import TOO_SLOW, Wire
from tests.docker.world import Answer, Application, World
from tests.graph.reader import Reader, reading, subscribing

pytestmark = pytest.mark.docker

CUTS = 200
EVENTS = "subscription($after: Cursor) { events(after: $after) { __typename cursor } }"
LARGE = "subscription { events { cursor " + " ".join(f"at{n}: at" for n in range(1, 30)) + " } }"


@pytest.mark.timeout(120)
async def test_of_two_hundred_cuts_none_loses_an_event_or_tells_one_twice(
    world: World, environment: str, seed: int
) -> None:
    lots = random.Random(seed)
    shop = await world.application(environment, "cut", restartPolicy="NEVER")
    await shop.deploy()
    first = event_sequence((await world.ask("{ eventCursor }"))["eventCursor"])
    seen: list[int] = []
    async with happening(shop):
        for _ in range(CUTS):
            await watch_until_cut(world, seen, seen[-1] if seen else first, lots)
    last = event_sequence((await world.ask("{ eventCursor }"))["eventCursor"])
    async with reading(world.port, world.token) as reader:
        await reader.send(subscribing(EVENTS, after=event_cursor(seen[-1])))
        while seen[-1] < last:
            seen += [number_of(message) for message in await reader.read()]
    assert seen == stored(world, first, seen[-1])
    assert len(seen) > CUTS / 2, "events flowed while it was cut"


async def watch_until_cut(world: World, seen: list[int], after: int, lots: random.Random) -> None:
    """Subscribe, read a few bytes at a time for a moment, and cut the connection wherever that ends."""
    async with reading(world.port, world.token) as reader:
        await reader.send(subscribing(EVENTS, after=event_cursor(after)))
        with suppress(TimeoutError):
            async with asyncio.timeout(lots.uniform(0, 0.08)):
                for _ in range(lots.randrange(1, 30)):
                    seen += [number_of(message) for message in await reader.read(lots.randrange(1, 120))]
        reader.hang_up()


@asynccontextmanager
async def happening(application: Application) -> AsyncGenerator[None]:
    """Meanwhile a container is killed and started, and settings are changed, again and again."""
    async with aiodocker.Docker() as docker:
        world = application.world
        labels = [
            f"wharf.instance={world.instance_id}",
            f"wharf.application={local_id('Application', application.id)}",
        ]
        container, *_ = await docker.containers.list(filters={"label": labels})
        tasks = [asyncio.create_task(restarted(container)), asyncio.create_task(changed(application))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(ended, asyncio.CancelledError), ended


async def restarted(container: DockerContainer) -> None:
    while True:
        await container.kill()
        await container.wait()
        await container.start()


async def changed(application: Application) -> None:
    number = 0
    while True:
        number += 1
        await application.variables(NUMBER=str(number))


def number_of(message: Answer) -> int:
    assert message["type"] == "next", message
    return event_sequence(Cursor(message["payload"]["data"]["events"]["cursor"]))


def stored(world: World, after: int, last: int) -> list[int]:
    """The numbers in the table of events, in order."""
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db")) as database:
        query = "SELECT sequence FROM event WHERE sequence > ? AND sequence <= ? ORDER BY sequence"
        return [row[0] for row in database.execute(query, (after, last))]


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_one_that_reads_nothing_for_a_minute_costs_little_and_delays_nobody(fragile_world: World) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("quiet"), "quiet", restartPolicy="NEVER")
    await shop.deploy()
    async with reading(world.port, world.token) as silent, reading(world.port, world.token) as reader:
        await reader.send(subscribing(LARGE))
        async with happening(shop):
            await delays(reader, seconds=10)
            before = world.private_bytes()
            await silent.send(subscribing(LARGE))
            meanwhile = await delays(reader, seconds=60)
            grown = world.private_bytes() - before
        seen = await everything(silent)
        assert silent.close is not None
        assert silent.close.code == TOO_SLOW
    last = event_sequence((await world.ask("{ eventCursor }"))["eventCursor"])
    assert last - seen[-1] > 1000, "that much happened that it was not told"
    assert grown < 16 * 1024 * 1024
    assert median(meanwhile) < 0.1
    assert max(meanwhile) < Wire.patience / 2
    async with reading(world.port, world.token) as resumed:
        await resumed.send(subscribing(EVENTS, after=event_cursor(seen[-1])))
        while seen[-1] < last:
            seen += [number_of(message) for message in await resumed.read()]
    assert seen == stored(world, seen[0] - 1, seen[-1])


async def delays(reader: Reader, seconds: float) -> list[float]:
    """How many seconds after it was written each event came, for so long."""
    found: list[float] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                messages = await reader.read()
                moments = [
                    datetime.fromisoformat(message["payload"]["data"]["events"]["at1"]) for message in messages
                ]
                found += [(datetime.now(UTC) - moment).total_seconds() for moment in moments]
    return found


async def everything(reader: Reader) -> list[int]:
    """The numbers of all events that still come."""
    seen: list[int] = []
    with suppress(ConnectionResetError):
        while True:
            seen += [number_of(message) for message in await reader.read()]
    return seen
