"""Releases take over from each other under every kind of traffic, and nobody gets a wrong answer."""

from collections.abc import Sequence

import pytest

from tests.docker.load import EVERYTHING, take_over, visitors
from tests.docker.visits import PAGE, Visits
from tests.docker.world import Application, World

pytestmark = pytest.mark.docker

GRACE = 2.0
Replacement = tuple[str, dict[str, object]]
SMALL: tuple[Replacement, ...] = (
    ("deploy", {}),
    ("rollBack", {}),
    ("deploy", {"replicas": 3}),
    ("restart", {}),
    ("deploy", {"replicas": 1}),
    ("rollBack", {}),
)
BIG: tuple[Replacement, ...] = (*[("deploy", {})] * 4, ("rollBack", {})) * 5


@pytest.fixture
async def shop(world: World, environment: str) -> Application:
    application = await world.application(environment, "busy", stopGracePeriod=f"{GRACE:g}s")
    await application.deploy()
    return application


async def replace_again_and_again(
    shop: Application, visits: Visits, replacements: Sequence[Replacement], requests: int
) -> None:
    """Each release but those rolled back to has a version of its own; so many requests are spread over them all."""
    history = ["1"]
    for number, (verb, changes) in enumerate(replacements, start=1):
        version = {"deploy": f"deployed-{number}", "restart": history[-1], "rollBack": history[-2:][0]}[verb]
        history.append(version)
        await shop.variables(VERSION=version)
        await take_over(shop, visits, version, verb, **changes)
        await visits.reach(max(50, requests * number // len(replacements) - visits.count), within=900)


@pytest.mark.timeout(120)
async def test_redeploys_rollbacks_and_scaling_give_no_wrong_answer_to_any_kind_of_visitor(shop: Application) -> None:
    async with visitors(shop, EVERYTHING, grace=GRACE) as visits:
        await replace_again_and_again(shop, visits, SMALL, 1_000)
    assert not visits.wrong, visits.verdict
    assert len(visits.answered) == len(EVERYTHING), f"each kind of visitor was answered: {visits.answered}"


async def test_a_stop_and_a_start_give_an_answer_or_the_page_to_any_kind_of_visitor(shop: Application) -> None:
    async with visitors(shop, EVERYTHING, grace=GRACE) as visits:
        visits.expect(PAGE)
        await shop.stop()
        visits.settle()
        await visits.reach(100)
        await take_over(shop, visits, "1", "start")
    assert not visits.wrong, visits.verdict
    assert visits.versions[PAGE] >= 100


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_100_000_requests_get_no_wrong_answer_from_20_redeploys_and_5_rollbacks(shop: Application) -> None:
    async with visitors(shop, EVERYTHING, grace=GRACE, per_second=2_000) as visits:
        await replace_again_and_again(shop, visits, BIG, 100_000)
    assert not visits.wrong, visits.verdict
    assert visits.count >= 100_000
    assert len(visits.answered) == len(EVERYTHING), f"each kind of visitor was answered: {visits.answered}"
