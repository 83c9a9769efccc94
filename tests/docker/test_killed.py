"""The server is killed with SIGKILL in the middle of things: the visitors notice nothing, and nothing is lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from db.models import DeploymentStatus
from engine import labels
from engine.closing import REMOVING, STOPPING
from engine.deployments.steps import NEXT
from engine.docker.gateway import DockerGateway
from graph.ids import read_global_id
from tests.docker.belongings import amiss, nothing_is_amiss
from tests.docker.load import take_over, visitors
from tests.docker.visits import NOWHERE, PAGE, Visits
from tests.docker.world import Application, World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

STEPS = [status.value for status in DeploymentStatus if NEXT[status]]
IMPATIENT = {"kind": "TCP", "startPeriod": "3s", "interval": "100ms", "retries": 2}
LIGHT = 60  # requests a second


def promised(world: World) -> float:
    """Seconds that recovering may take after a start: ten, and more where the start itself was slow."""
    return max(10.0, 5 * world.started_in)


def recovery(world: World) -> asyncio.Timeout:
    return asyncio.timeout(promised(world))


async def an_application(world: World, environment: str, name: str = "shop", **fields: object) -> Application:
    shop = await world.application(environment, name, stopGracePeriod="1s", **fields)
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    return shop


async def test_what_is_orphaned_is_seen(mortal_world: World, mortal_environment: str) -> None:
    await an_application(mortal_world, mortal_environment)
    await nothing_is_amiss(mortal_world)
    instance, docker = mortal_world.instance_id, DockerGateway(None)
    name = f"wharf-test-{instance}"
    try:
        await docker.create_volume(name, labels.volume_labels(instance, "nobody", "stray"))
        assert await amiss(mortal_world) == ["volume stray is orphaned"]
    finally:
        await docker.remove_volume(name)
    marks = labels.container_labels(instance, "nowhere", "nobody", "none", 1)
    try:
        await docker.create_container(name, {"Image": "wharf-sample:1", "Labels": marks})
        assert await amiss(mortal_world) == [f"container {name} is orphaned"]
    finally:
        await docker.remove_container(name)
        await docker.close()


@pytest.mark.parametrize("verb", ["deploy", pytest.param("rollBack", marks=pytest.mark.soak)])
async def test_a_deployment_that_was_cut_short_at_any_step_is_finished(
    mortal_world: World, mortal_environment: str, verb: str
) -> None:
    world = mortal_world
    shop = await an_application(world, mortal_environment)
    await shop.change(image="wharf-sample:2")
    async with visitors(shop, per_second=LIGHT) as visits:
        await take_over(shop, visits, "2")
        now, before = "2", "1"
        for step in STEPS:
            now, before = before, now
            await shop.change(image=f"wharf-sample:{now}")
            visits.expect(now)
            deployment = await shop.ask_for(verb)
            await reaches(shop, deployment, step)
            await killed_and_started(world, visits)
            async with recovery(world):
                assert (await shop.ended(deployment))["status"] == "SUCCEEDED", step
            visits.settle()
            await all_is_well(world, visits, step)


async def test_a_stop_that_was_cut_short_at_any_step_is_finished(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    shop = await an_application(world, mortal_environment)
    neighbour = await an_application(world, mortal_environment, "neighbour")
    async with visitors(neighbour, per_second=LIGHT) as others, visitors(shop, per_second=LIGHT) as visits:
        for step in STOPPING:
            visits.expect(PAGE)
            async with world.logging(f"shop: {step}"):
                await world.do("stopApplication", applicationId=shop.id)
            await killed_and_started(world, visits)
            async with recovery(world):
                await shop.until("STOPPED")
            visits.settle()
            await all_is_well(world, visits, step)
            await take_over(shop, visits, "1", "start")
    assert not others.wrong, others.verdict


async def test_a_removal_that_was_cut_short_at_any_step_is_finished(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    neighbour = await an_application(world, mortal_environment, "neighbour")
    async with visitors(neighbour, per_second=LIGHT) as others:
        for step in REMOVING:
            shop = await an_application(world, mortal_environment, volumes=[{"name": "data", "mountPath": "/data"}])
            async with visitors(shop, per_second=LIGHT) as visits:
                visits.expect(NOWHERE)
                async with world.logging(f"shop: {step}"):
                    await remove(shop)
                await killed_and_started(world, visits)
                await eventually(shop.is_gone, within=promised(world))
                visits.settle()
                await all_is_well(world, visits, step)
    assert not others.wrong, others.verdict


async def test_a_rollback_under_a_server_that_is_killed_again_and_again_while_it_starts_is_finished(
    mortal_world: World, mortal_environment: str, seed: int
) -> None:
    world, lots = mortal_world, random.Random(seed)
    shop = await an_application(world, mortal_environment)
    async with visitors(shop, per_second=LIGHT) as visits:
        await take_over(shop, visits, "2", image="wharf-sample:2")
        visits.expect("1")
        deployment = await shop.ask_for("rollBack")
        await reaches(shop, deployment, "PREPARING")
        await killed_while_starting(world, lots, times=2)
        await asyncio.to_thread(world.start)
        async with recovery(world):
            assert (await shop.ended(deployment))["status"] == "SUCCEEDED"
        visits.settle()
        await all_is_well(world, visits, "its starts")


async def test_a_bad_release_that_was_cut_short_is_undone(mortal_world: World, mortal_environment: str) -> None:
    world = mortal_world
    shop = await an_application(world, mortal_environment)
    await shop.variables(BOOT="deaf")
    await shop.change(image="wharf-sample:2", healthCheck=IMPATIENT)
    async with visitors(shop, per_second=LIGHT) as visits:
        deployment = await shop.ask_for()
        await reaches(shop, deployment, "CHECKING")
        await killed_and_started(world, visits)
        async with recovery(world):
            ended = await shop.ended(deployment)
        assert ended["failure"]["reason"] == "PORT_NOT_LISTENING"
        await all_is_well(world, visits, "CHECKING")


async def test_a_release_that_died_with_the_server_does_not_take_over(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    shop = await an_application(world, mortal_environment)
    await shop.change(image="wharf-sample:2")
    deployment = await shop.ask_for()
    await reaches(shop, deployment, "ROUTING")
    await asyncio.to_thread(world.kill)
    await remove_newest_container(world, shop)
    await asyncio.to_thread(world.start)
    assert (await shop.ended(deployment))["status"] == "FAILED"
    assert (await shop.get()).text.startswith("hello from 1")


async def test_visitors_are_served_while_the_server_is_dead_and_what_happened_meanwhile_is_found_out(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    shop = await an_application(world, mortal_environment, replicas=2)
    closed_shop = await an_application(world, mortal_environment, "closed")
    await closed_shop.stop()

    world.kill()

    assert (await shop.get()).status == 200
    assert (await closed_shop.get()).status == 503
    assert (await world.visit("nobody.test")).status == 404
    await remove_newest_container(world, shop)
    docker = DockerGateway(None)
    for proxy in await docker.list_containers({"wharf.instance": world.instance_id, "wharf.kind": "proxy"}):
        await docker.remove_container(proxy.id)
    await docker.close()

    world.start()

    await eventually(shop.answers, within=promised(world))
    await shop.until("RUNNING")
    await nothing_is_amiss(world, within=promised(world))


class Life:
    """An application that is worked on in every way, again and again, and what its visitors may expect."""

    def __init__(self, shop: Application, visits: Visits, *versions: str) -> None:
        self.shop = shop
        self.visits = visits
        self.versions = list(versions)  # that were live, in their order
        self.in_place = False  # whether one of them was deployed in place, as it is then rolled back to

    async def deploy(self) -> Callable[[], Awaitable[None]]:
        version = str(int(self.versions[-1]) % 3 + 1)
        await self.shop.change(image=f"wharf-sample:{version}")
        return await self._take_over("deploy", version)

    async def roll_back(self) -> Callable[[], Awaitable[None]]:
        if self.in_place:
            self.visits.expect(PAGE)
        return await self._take_over("rollBack", self.versions[-2])

    async def deploy_in_place(self) -> Callable[[], Awaitable[None]]:
        await self.shop.change(strategy="RECREATE")
        self.in_place = True
        self.visits.expect(PAGE)
        return await self.deploy()

    async def deploy_a_bad_one(self) -> Callable[[], Awaitable[None]]:
        await self.shop.variables(BOOT="deaf")
        deployment = await self.shop.ask_for()

        async def undone() -> None:
            assert (await self.shop.ended(deployment))["status"] == "FAILED"

        return undone

    async def stop(self) -> Callable[[], Awaitable[None]]:
        self.visits.expect(PAGE)
        await self.shop.world.do("stopApplication", applicationId=self.shop.id)
        return partial(self.shop.until, "STOPPED")

    async def go_on(self) -> None:
        """As it is at the beginning: running, as new releases ought to."""
        await self.shop.change(strategy="ROLLING")
        await self.shop.variables(BOOT="")
        if await self.shop.status() == "STOPPED":
            await take_over(self.shop, self.visits, self.versions[-1], "start")
            self.versions.append(self.versions[-1])

    async def _take_over(self, verb: str, version: str) -> Callable[[], Awaitable[None]]:
        self.versions.append(version)
        self.visits.expect(version)
        deployment = await self.shop.ask_for(verb)

        async def finished() -> None:
            assert (await self.shop.ended(deployment))["status"] == "SUCCEEDED"

        return finished


@pytest.mark.soak
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("round_", range(3))
async def test_kills_at_any_moment_and_in_any_number(
    mortal_world: World, mortal_environment: str, seed: int, round_: int
) -> None:
    world, lots = mortal_world, random.Random(seed * 1000 + round_)
    shop = await an_application(world, mortal_environment, healthCheck=IMPATIENT)
    neighbour = await an_application(world, mortal_environment, "neighbour")
    async with visitors(neighbour, per_second=LIGHT) as others, visitors(shop, per_second=LIGHT) as visits:
        await take_over(shop, visits, "2", image="wharf-sample:2")
        life = Life(shop, visits, "1", "2")
        for number in range(15):
            work = lots.choice((life.deploy, life.roll_back, life.deploy_in_place, life.deploy_a_bad_one, life.stop))
            finished = await work()
            moment = lots.uniform(0, 3)
            await asyncio.sleep(moment)
            await killed_and_started(world, visits, lots)
            when = f"{number}: {work.__name__}, after {moment:.2f} s"
            try:
                async with recovery(world):
                    await finished()
            except TimeoutError:
                raise AssertionError(f"not recovered: {when}") from None
            visits.settle()
            await all_is_well(world, visits, when)
            await life.go_on()
    assert not others.wrong, others.verdict


@pytest.mark.soak
@pytest.mark.timeout(1500)
async def test_removals_killed_at_any_moment(mortal_world: World, mortal_environment: str, seed: int) -> None:
    world, lots = mortal_world, random.Random(seed)
    for _ in range(15):
        shop = await an_application(world, mortal_environment, volumes=[{"name": "data", "mountPath": "/data"}])
        async with visitors(shop, per_second=LIGHT) as visits:
            visits.expect(NOWHERE)
            await remove(shop)
            moment = lots.uniform(0, 2)
            await asyncio.sleep(moment)
            await killed_and_started(world, visits, lots)
            await eventually(shop.is_gone, within=promised(world))
            visits.settle()
            await all_is_well(world, visits, f"{moment:.2f} s")


async def killed_and_started(world: World, visits: Visits, lots: random.Random | None = None) -> None:
    """The visitors go on coming while the server is dead, while it starts, and while it finds its way.

    With `lots` it may be killed again while it starts.
    """
    await asyncio.to_thread(world.kill)
    await visits.reach(5)
    if lots:
        await killed_while_starting(world, lots, times=lots.choice((0, 0, 1, 3)))
    await asyncio.to_thread(world.start)


async def killed_while_starting(world: World, lots: random.Random, times: int) -> None:
    for _ in range(times):
        await asyncio.to_thread(world.kill)
        world.launch()
        await asyncio.sleep(lots.uniform(0.3, 2.5))
    await asyncio.to_thread(world.kill)


async def all_is_well(world: World, visits: Visits, when: str) -> None:
    """Nothing is orphaned or lost, and no visitor has noticed anything."""
    try:
        await nothing_is_amiss(world, within=promised(world))
    except AssertionError as error:
        raise AssertionError(f"killed at {when}: {error}") from None
    assert not visits.wrong, f"killed at {when}: {visits.verdict}"


async def remove(application: Application) -> None:
    name = application.host.removesuffix(".test")
    await application.world.do(
        "removeApplication", applicationId=application.id, removeVolumes=True, confirmName=name
    )


async def remove_newest_container(world: World, application: Application) -> None:
    known = read_global_id(application.id)
    assert known is not None
    docker = DockerGateway(None)
    found = await docker.list_containers({"wharf.instance": world.instance_id, "wharf.application": known[1]})
    await docker.remove_container(max(found, key=lambda each: each.labels["wharf.release"]).id)
    await docker.close()


async def reaches(application: Application, deployment_id: str, step: str) -> None:
    """Wait until the deployment has come to this step."""
    document = """subscription($id: ID!) {
        deploymentEvents(deploymentId: $id) { ... on DeploymentStatusChanged { status } } }"""
    async with application.world.subscription(document, id=deployment_id) as messages:
        async for message in messages:
            event: dict[str, Any] = message["deploymentEvents"]
            if event.get("status") == step:
                return
