"""Five hundred applications with two domains each on one server."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median

import pytest

from tests.docker.crowd import Crowd, deploy_at_once, gather_crowd, percentile_95, reading
from tests.docker.relay import Relay, running_relay
from tests.docker.usage import cpu_seconds, private_mib
from tests.docker.world import World, eventually

# Gathering the five hundred is part of the first test.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

log = logging.getLogger(__name__)

APPLICATIONS = 500
AT_ONCE = 8  # as many deployments as the engine works on
IDLE_SECONDS = 30.0


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with running_relay(tmp_path_factory.mktemp("engine") / "docker.sock") as running:
        yield running


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, engine: Relay) -> Iterator[Crowd]:
    """An installation with as many applications, for all tests of this module."""
    world = World(tmp_path_factory.mktemp("crowd"), WHARF_DOCKER_HOST=engine.url)
    world.preloads = False  # its memory is measured
    world.start()
    try:
        yield asyncio.run(gather_crowd(world, APPLICATIONS))
    finally:
        world.stop()
        world.uninstall()


async def test_deployments_asked_for_at_once_finish_in_order_a_few_at_a_time_while_reads_stay_fast(
    crowd: Crowd,
) -> None:
    some = crowd.applications[: 2 * AT_ONCE]
    async with reading(crowd.world, crowd.environments[0]) as waits:
        story = await deploy_at_once(some, times=2)
    assert story.in_order()
    assert story.most_at_once() == AT_ONCE
    assert [ends[-1] for ends in story.ends().values()] == ["SUCCEEDED"] * len(some)
    assert median(waits) < 1000


async def test_a_change_of_a_domain_is_answered_soon(crowd: Crowd) -> None:
    before = cpu_seconds(crowd.world.pid)
    took = await changes(crowd, 6)
    # How long it takes is told by `make soak`, on a machine that has nothing else to do.
    assert min(took) < 3
    assert (cpu_seconds(crowd.world.pid) - before) / len(took) < 0.5


async def test_a_start_lists_each_kind_of_object_once_and_is_quick(crowd: Crowd, engine: Relay) -> None:
    crowd.world.kill()
    engine.asked.clear()
    await start(crowd, engine)
    asked = Counter(each for each in engine.asked if each.startswith(("GET containers", "GET networks")))
    assert (asked["GET containers/json"], asked["GET networks"]) == (1, 1)
    assert asked.total() < 5
    assert cpu_seconds(crowd.world.pid) < 5


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_five_hundred_running_applications(crowd: Crowd, engine: Relay) -> None:
    world = crowd.world
    for first in range(0, APPLICATIONS, 100):
        async with reading(world, crowd.environments[0]) as waits:
            story = await deploy_at_once(crowd.applications[first : first + 100])
        assert story.in_order()
        assert story.most_at_once() == AT_ONCE
        assert list(story.ends().values()) == [["SUCCEEDED"]] * 100
        log.info("reads during deployments: %.0f ms, 95 %% within %.0f ms", median(waits), percentile_95(waits))
        assert percentile_95(waits) < 500
        if first == 0:
            await rest(world)
    await rest(world)

    took = await changes(crowd, 20)
    log.info("changes: %.3f s, 95 %% within %.3f s", median(took), percentile_95(took))
    assert median(took) < 1

    world.kill()
    engine.asked.clear()
    began = time.monotonic()
    await start(crowd, engine)
    log.info("started after %.2f s", time.monotonic() - began)
    assert time.monotonic() - began < 5


async def start(crowd: Crowd, engine: Relay) -> None:
    """Start the server and wait until it has compared everything with Docker."""
    await asyncio.to_thread(crowd.world.start)

    async def reconciled() -> bool:
        return "GET networks" in engine.asked

    await eventually(reconciled)


async def rest(world: World) -> None:
    """Look at what the server takes while nothing happens."""
    await asyncio.sleep(5)
    before = cpu_seconds(world.pid)
    await asyncio.sleep(IDLE_SECONDS)
    percent = (cpu_seconds(world.pid) - before) / IDLE_SECONDS * 100
    log.info("at rest: %.1f MiB, %.2f %% of one core", private_mib(world.pid), percent)
    assert private_mib(world.pid) <= 150
    assert percent <= 1


async def changes(crowd: Crowd, number: int) -> list[float]:
    """Seconds from each of so many changes of a domain to the first answer by its new name."""
    world = crowd.world
    added = await world.do(
        "addDomain", "domain { id }", applicationId=crowd.applications[0].id, url="http://moving-0.test"
    )
    took = []
    for each in range(1, number + 1):
        began = time.monotonic()
        await world.do("updateDomain", domainId=added["domain"]["id"], url=f"http://moving-{each}.test")
        await until_claimed(world, f"moving-{each}.test")
        took.append(time.monotonic() - began)
    await world.do("removeDomain", domainId=added["domain"]["id"])
    return took


async def until_claimed(world: World, host: str) -> None:
    """Wait until visitors of `host` get what its application has for them; until then they get 404."""

    async def claimed() -> bool:
        return (await world.visit(host)).status != 404

    await eventually(claimed, within=30)
