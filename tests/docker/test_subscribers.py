"""Subscribers that are cut off, and one that does not read, while events of real containers flow."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from statistics import median

import aiodocker
import pytest
from aiodocker.containers import DockerContainer

from graph.ids import event_cursor, event_sequence, local_id
from graph.wire import TOO_SLOW, Wire
from tests.docker.world import Application, World
from tests.graph.reader import Reader, everything, number_of, reading, subscribing

pytestmark = pytest.mark.docker

CUTS = 200
SILENT = 20
REMEMBERED = 4096  # events that the server keeps in its memory for all together
MOST = 16 * 1024 * 1024  # bytes that the silent ones may cost
_CHANGES = 20  # in one request
EVENTS = "subscription($after: Cursor) { events(after: $after) { __typename cursor } }"
LARGE = "subscription { events { cursor at " + " ".join(f"{'long' * 50}{n}: at" for n in range(29)) + " } }"
SIZE = 29 * 200  # bytes that each event of it has at least


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
    await resumes(world, seen)
    assert seen[0] == first + 1
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
    each = "setEnvironmentVariables(input: $input) { errors { code } }"
    document = "".join(f" n{n}: {each}" for n in range(_CHANGES))
    wanted = {"applicationId": application.id, "variables": [{"name": "NAME", "value": "value"}]}
    while True:
        await application.world.ask(f"mutation($input: SetEnvironmentVariablesInput!) {{{document} }}", input=wanted)


def stored(world: World, after: int, last: int) -> list[int]:
    """The numbers in the table of events, in order."""
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db")) as database:
        query = "SELECT sequence FROM event WHERE sequence > ? AND sequence <= ? ORDER BY sequence"
        return [row[0] for row in database.execute(query, (after, last))]


@pytest.mark.soak
@pytest.mark.timeout(400)
async def test_those_that_read_nothing_for_a_minute_cost_little_and_delay_nobody(fragile_world: World) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("quiet"), "quiet", restartPolicy="NEVER")
    await shop.deploy()
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(reading(world.port, world.token))
        await reader.send(subscribing(LARGE))
        async with happening(shop):
            await delays(reader, events=REMEMBERED)
            before = world.private_bytes()
            silent = [await stack.enter_async_context(reading(world.port, world.token)) for _ in range(SILENT)]
            for each in silent:
                await each.send(subscribing(LARGE))
            meanwhile = await delays(reader, seconds=60)
            grown = world.private_bytes() - before
        told = await asyncio.gather(*map(everything, silent))
        assert [each.close and each.close.code for each in silent] == [TOO_SLOW] * SILENT
        missed = event_sequence((await world.ask("{ eventCursor }"))["eventCursor"]) - told[0][-1]
    assert missed * SILENT * SIZE > 2 * MOST, "bytes that they would have cost"
    assert grown < MOST, grown
    assert median(meanwhile) < 0.1
    assert max(meanwhile) < Wire.patience / 2
    await resumes(world, told[0])


async def resumes(world: World, seen: list[int]) -> None:
    """Go on after the last event that was seen: each comes, once, and in order."""
    last = event_sequence((await world.ask("{ eventCursor }"))["eventCursor"])
    async with reading(world.port, world.token) as reader:
        await reader.send(subscribing(EVENTS, after=event_cursor(seen[-1])))
        while seen[-1] < last:
            seen += [number_of(message) for message in await reader.read()]
    assert seen == stored(world, seen[0] - 1, seen[-1])


async def delays(reader: Reader, seconds: float | None = None, events: int | None = None) -> list[float]:
    """How many seconds after it was written each event came, for so long or so many."""
    found: list[float] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while events is None or len(found) < events:
                for message in await reader.read():
                    written = datetime.fromisoformat(message["payload"]["data"]["events"]["at"])
                    found.append((datetime.now(UTC) - written).total_seconds())
    return found
