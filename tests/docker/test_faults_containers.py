"""Containers and networks of an application, hurt by hand: it is said at once, mended, and nobody else notices."""

import pytest

from tests.docker.faults import AT_ONCE, Said, Target, by_hand, network_of
from tests.docker.world import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


@pytest.mark.parametrize("deed", [("kill",), ("rm", "-f"), ("pause",), ("stop", "-t", "0")], ids="-".join)
async def test_what_was_done_to_a_container_is_said_at_once_and_mended(target: Target, deed: tuple[str, ...]) -> None:
    said = Said(target.world)
    async with target.nothing_else_touched():
        container = await target.container(target.shop)
        async with target.changes("RUNNING") as changes:
            by_hand(*deed, container)
        await eventually(target.shop.answers)
    assert changes.seen == ["FAILING", "RUNNING"]
    assert changes.first_after < AT_ONCE
    assert len(await target.containers(target.shop)) == 1
    said.once("shop: release 1 does not run as it should")


async def test_a_renamed_container_is_found_and_gets_its_name_back(target: Target) -> None:
    said = Said(target.world)
    (before,) = await target.containers(target.shop)
    async with target.nothing_else_touched():
        by_hand("rename", before["id"], f"{before['name']}-mine")

        async def named_as_before() -> bool:
            name = by_hand("inspect", "--format={{.Name}}", before["id"])
            return name == f"/{before['name']}" and await target.containers(target.shop) == [before]

        await eventually(named_as_before)
        await eventually(target.shop.answers)
    said.once("shop: release 1 does not run as it should")


async def test_a_container_that_lost_its_network_gets_it_back(target: Target) -> None:
    container = await target.container(target.shop)
    network = network_of(container)
    async with target.nothing_else_touched():
        async with target.changes("RUNNING") as changes:
            by_hand("network", "disconnect", network, container)
        await eventually(target.shop.answers)
    assert changes.seen == ["FAILING", "RUNNING"]
    assert changes.first_after < AT_ONCE


async def test_a_network_that_was_removed_is_made_again(target: Target) -> None:
    """The one of a third application, so that the neighbour keeps its own."""
    world = target.world
    lonely = await world.application(await world.environment("lonely"), "lonely")
    await lonely.deploy()
    said = Said(world)
    container = await target.container(lonely)
    network = network_of(container)
    try:
        async with target.nothing_else_touched():
            world.pause()  # or it would be quicker than a person's two commands
            for member in (container, *target.proxies()):
                by_hand("network", "disconnect", "-f", network, member)
            by_hand("network", "rm", network)
            world.resume()
            await lonely.until("RUNNING")
            await eventually(lonely.answers)
        said.once("lonely: release 1 does not run as it should")
    finally:
        world.resume()
        await world.do("removeApplication", applicationId=lonely.id)


async def test_the_proxy_joins_a_network_again_that_it_was_taken_from(target: Target) -> None:
    (proxy,) = target.proxies()
    container = await target.container(target.shop)
    network = network_of(container)
    async with target.no_other_container_touched():
        by_hand("network", "disconnect", network, proxy)
        await eventually(target.shop.answers, within=5)
    assert target.proxies() == [proxy]
