"""Watching live: events that are never lost, logs, stats, and nothing held once nobody looks."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.docker.world import Answer, World, eventually

pytestmark = pytest.mark.docker

EVENTS = "subscription($after: Cursor) { events(after: $after) { __typename cursor } }"
LOGS = """subscription($id: ID!, $tail: Int) {
    applicationLogs(applicationId: $id, tail: $tail) { sequence at stream replica text } }"""
STATS = """subscription($id: ID!) { applicationStats(applicationId: $id) {
    replica cpuCores memoryBytes memoryLimitBytes networkReceivedBytes diskReadBytes } }"""

SPARE = 8  # connections that the server keeps idle for the next question to Docker


async def test_a_subscriber_that_is_cut_and_comes_back_misses_nothing_and_sees_nothing_twice(
    world: World, environment: str
) -> None:
    shop = await world.application(environment, "watched")
    start = (await world.ask("{ eventCursor }"))["eventCursor"]
    cut: list[str] = []
    deployment = asyncio.ensure_future(shop.deploy())
    after = start
    while not deployment.done() or after != (await world.ask("{ eventCursor }"))["eventCursor"]:
        async with world.subscription(EVENTS, after=after) as messages:
            for _ in range(3):  # cut after every third event
                try:
                    async with asyncio.timeout(0.5):
                        cut.append((await anext(messages))["events"]["cursor"])
                except TimeoutError:
                    break
        after = cut[-1] if cut else start
    whole = await events_between(world, start, after)
    assert len(whole) > 10
    assert cut == whole


async def events_between(world: World, after: str, last: str) -> list[str]:
    seen: list[str] = []
    async with world.subscription(EVENTS, after=after) as messages:
        async for message in messages:
            seen.append(message["events"]["cursor"])
            if seen[-1] == last:
                return seen
    raise AssertionError("the stream ended")


async def test_logs_of_all_replicas_come_in_order_with_their_stream(world: World, environment: str) -> None:
    pair = await world.application(environment, "pair", replicas=2)
    await pair.variables(LOG_EVERY="0.1")
    await pair.deploy()
    async with world.subscription(LOGS, id=pair.id, tail=10) as messages:
        lines = [(await anext(messages))["applicationLogs"] for _ in range(40)]
    assert [line["sequence"] for line in lines] == list(range(1, 41))
    assert {line["replica"] for line in lines} == {1, 2}
    assert {line["stream"] for line in lines} == {"STDOUT", "STDERR"}
    for replica in (1, 2):
        times = [line["at"] for line in lines if line["replica"] == replica]
        assert times == sorted(times)


async def test_followed_logs_go_on_with_the_next_release(world: World, environment: str) -> None:
    serial = await world.application(environment, "serial")
    await serial.deploy()
    await serial.get("/log?text=one")
    async with world.subscription(LOGS, id=serial.id, tail=10) as messages:
        await line_with(messages, "one")
        await serial.deploy()
        await serial.get("/log?text=two")
        await line_with(messages, "two")


async def line_with(messages: AsyncGenerator[Answer, None], text: str) -> None:
    """Read on until a line with this text comes."""
    async with asyncio.timeout(10):
        while text not in (await anext(messages))["applicationLogs"]["text"]:
            pass


async def test_stats_tell_what_each_replica_uses(world: World, environment: str) -> None:
    pair = await world.application(environment, "measured", replicas=2, memoryLimit=128 * 1024 * 1024)
    await pair.deploy()
    async with world.subscription(STATS, id=pair.id) as messages:
        samples = [(await anext(messages))["applicationStats"] for _ in range(4)]
    assert {sample["replica"] for sample in samples} == {1, 2}
    for sample in samples:
        assert 1024 * 1024 < sample["memoryBytes"] < sample["memoryLimitBytes"] == 128 * 1024 * 1024
        assert 0 <= sample["cpuCores"] < 2


async def test_many_watchers_cost_docker_one_stream_and_none_when_they_leave(world: World, environment: str) -> None:
    popular = await world.application(environment, "popular")
    await popular.deploy()
    before = world.open_files()
    watchers = [world.subscription(STATS, id=popular.id) for _ in range(20)]
    streams = [await watcher.__aenter__() for watcher in watchers]
    await asyncio.gather(*(anext(stream) for stream in streams))
    assert world.open_files() <= before + len(watchers) + SPARE, "a websocket each, and one stream for all"
    for watcher in watchers:
        await watcher.__aexit__(None, None, None)
    await until_open_files(world, before + SPARE)


async def test_a_socket_that_closes_lets_go_of_its_docker_streams(world: World, environment: str) -> None:
    short = await world.application(environment, "short")
    await short.variables(LOG_EVERY="0.1")
    await short.deploy()
    before = world.open_files()
    for _ in range(30):
        async with world.subscription(LOGS, id=short.id, tail=1) as messages:
            await anext(messages)
    await until_open_files(world, before + SPARE)


async def until_open_files(world: World, number: int) -> None:
    async def few_enough() -> bool:
        return world.open_files() <= number

    await eventually(few_enough)
