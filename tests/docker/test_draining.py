"""A release that was replaced is retired as soon as its visitors have left, and not before."""

import asyncio

import pytest

from tests.docker.load import ONE_BY_ONE, take_over, visitors, websocket
from tests.docker.world import Application, World

pytestmark = pytest.mark.docker

NEVER = 300.0  # a grace period that no test waits for
AT_ONCE = 10.0


async def an_application(world: World, environment: str, grace: float) -> Application:
    shop = await world.application(environment, "draining", stopGracePeriod=f"{grace:g}s")
    await shop.deploy()
    await shop.change(image="wharf-sample:2")
    return shop


async def test_a_release_without_visitors_is_retired_at_once(world: World, environment: str) -> None:
    shop = await an_application(world, environment, NEVER)
    assert (await shop.get()).status == 200
    deployment = await shop.ask_for()
    await shop.until_answered_by("2")
    async with asyncio.timeout(AT_ONCE):
        assert (await shop.ended(deployment))["status"] == "SUCCEEDED"


async def test_a_release_is_retired_when_its_last_request_was_answered(world: World, environment: str) -> None:
    shop = await an_application(world, environment, NEVER)
    request = asyncio.create_task(shop.get("/slow?seconds=8"))
    retired = asyncio.create_task(shop.ended(await shop.ask_for()))
    done, _ = await asyncio.wait({request, retired}, return_when=asyncio.FIRST_COMPLETED)
    assert done == {request}, "the release waits for its request"
    answer = await request
    assert (answer.status, answer.headers["X-Version"]) == (200, "1"), "the release that began it finishes it"
    assert (await shop.get()).headers["X-Version"] == "2"
    async with asyncio.timeout(AT_ONCE):
        assert (await retired)["status"] == "SUCCEEDED"


async def test_a_websocket_is_usable_until_its_grace_period_ends_and_closed_then(
    world: World, environment: str
) -> None:
    shop = await an_application(world, environment, grace=4.0)
    async with visitors(shop, (websocket, websocket, ONE_BY_ONE), grace=4.0) as visits:
        await take_over(shop, visits, "2")
    assert not visits.wrong, visits.verdict
    assert len(visits.outlived) == 2
    assert max(visits.outlived) < 4.0 + AT_ONCE
