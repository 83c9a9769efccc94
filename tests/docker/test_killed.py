"""The server is killed with SIGKILL in the middle of things: the visitors notice nothing, and nothing is lost."""

import asyncio
from typing import Any

import pytest

from db.models import DeploymentStatus
from engine.deployments.steps import NEXT
from engine.docker.gateway import DockerGateway
from tests.docker.load import visitors
from tests.docker.test_deploying import containers_of
from tests.docker.world import Application, World, eventually

pytestmark = pytest.mark.docker

STEPS = [status.value for status in DeploymentStatus if NEXT[status]]


@pytest.mark.parametrize("step", STEPS)
async def test_a_deployment_that_was_cut_short_finishes_or_is_undone(fragile_world: World, step: str) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("shop"), "shop", stopGracePeriod="2s")
    await shop.deploy()
    await shop.change(image="wharf-sample:2")
    async with visitors(shop) as visits:
        deployment = await shop.ask_for()
        await reaches(shop, deployment, step)
        world.kill()
        await visits.reach(30)
        world.start()
        async with asyncio.timeout(10):
            ended = await shop.ended(deployment)
        await visits.reach(30)
    assert visits.wrong == []
    assert ended["status"] == "SUCCEEDED"
    assert (await shop.get()).text.startswith("hello from 2")
    assert await containers_of(world, shop.id) == 1, "nothing is orphaned"


async def test_a_bad_release_that_was_cut_short_is_undone(fragile_world: World) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("shop"), "shop")
    await shop.deploy()
    await shop.variables(BOOT="deaf")
    check = {"kind": "TCP", "startPeriod": "2s", "interval": "100ms", "retries": 2}
    await shop.change(image="wharf-sample:2", healthCheck=check)
    async with visitors(shop) as visits:
        deployment = await shop.ask_for()
        await reaches(shop, deployment, "CHECKING")
        world.kill()
        world.start()
        ended = await shop.ended(deployment)
    assert visits.wrong == []
    assert ended["failure"]["reason"] == "PORT_NOT_LISTENING"
    assert (await shop.get()).text.startswith("hello from 1")
    assert await containers_of(world, shop.id) == 1


async def test_applications_and_pages_are_served_while_the_control_plane_is_dead(fragile_world: World) -> None:
    world = fragile_world
    environment = await world.environment("two")
    open_shop = await world.application(environment, "open")
    closed_shop = await world.application(environment, "closed")
    await asyncio.gather(open_shop.deploy(), closed_shop.deploy())
    await closed_shop.stop()

    world.kill()

    assert (await open_shop.get()).status == 200
    assert (await closed_shop.get()).status == 503
    assert (await world.visit("nobody.test")).status == 404


async def test_a_stop_that_was_cut_short_is_finished(fragile_world: World) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("shop"), "shop")
    await shop.deploy()
    await world.do("stopApplication", applicationId=shop.id)
    world.kill()
    world.start()
    await shop.until("STOPPED")
    assert (await shop.get()).status == 503


async def test_a_removal_that_was_cut_short_is_finished(fragile_world: World) -> None:
    world = fragile_world
    environment = await world.environment("shop")
    shop = await world.application(environment, "shop")
    await shop.deploy()
    await world.do("removeApplication", applicationId=shop.id)
    world.kill()
    world.start()

    async def environment_is_gone() -> bool:
        return not (await world.mutate("removeEnvironment", environmentId=environment))["errors"]

    async def network_is_gone() -> bool:
        labels = {"wharf.instance": world.instance_id, "wharf.kind": "environment"}
        return not await docker.list_networks(labels)

    await eventually(environment_is_gone)
    docker = DockerGateway(None)
    await eventually(network_is_gone)
    await docker.close()
    assert await containers_of(world, shop.id) == 0


async def test_what_happened_while_nobody_looked_is_found_out(fragile_world: World) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("shop"), "shop", replicas=2)
    await shop.deploy()
    world.kill()
    docker = DockerGateway(None)
    for container in await docker.list_containers({"wharf.instance": world.instance_id}):
        if container.labels["wharf.kind"] != "proxy":
            await docker.kill_container(container.id, "KILL")
            break
    for proxy in await docker.list_containers({"wharf.instance": world.instance_id, "wharf.kind": "proxy"}):
        await docker.remove_container(proxy.id)
    await docker.close()
    world.start()
    await eventually(shop.answers)
    await shop.until("RUNNING")


async def reaches(application: Application, deployment_id: str, step: str) -> None:
    """Wait until the deployment has come to this step."""
    document = """subscription($id: ID!) {
        deploymentEvents(deploymentId: $id) { ... on DeploymentStatusChanged { status } } }"""
    async with application.world.subscription(document, id=deployment_id) as messages:
        async for message in messages:
            event: dict[str, Any] = message["deploymentEvents"]
            if event.get("status") == step:
                return
