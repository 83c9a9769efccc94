"""The Docker engine goes away, or falls silent: that is said, nothing is mistaken for stopped, and all comes back."""

import time
from pathlib import Path

import pytest

from engine.docker.gateway import DockerGateway
from tests.docker.relay import Relay
from tests.docker.world import Application, World, eventually

pytestmark = pytest.mark.docker


async def deployed(world: World) -> Application:
    shop = await world.application(await world.environment("shop"), "shop")
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    return shop


async def server_state(world: World) -> str:
    return str((await world.ask("{ servers { state } }"))["servers"][0]["state"])


async def test_an_engine_that_is_gone_is_unreachable_and_never_stopped(far_world: World, relay: Relay) -> None:
    shop = await deployed(far_world)
    began = time.monotonic()
    relay.cut()
    await shop.until("UNREACHABLE")
    assert time.monotonic() - began < 2
    assert await server_state(far_world) == "UNREACHABLE"
    assert (await shop.get()).status == 200, "the application does not need us"

    refused = await shop.deploy()
    assert refused["failure"]["reason"] == "ENGINE_UNREACHABLE"

    relay.mend()
    await shop.until("RUNNING")
    assert (await shop.deploy())["status"] == "SUCCEEDED"


async def test_an_engine_that_never_answers_is_unreachable_too(far_world: World, relay: Relay) -> None:
    shop = await deployed(far_world)
    relay.hang()
    await shop.until("UNREACHABLE")
    relay.cut()
    relay.mend()
    await shop.until("RUNNING")


async def test_what_happened_meanwhile_is_seen_afterwards(far_world: World, relay: Relay) -> None:
    shop = await deployed(far_world)
    relay.cut()
    await shop.until("UNREACHABLE")
    docker = DockerGateway(None)
    labels = {"wharf.instance": far_world.instance_id, "wharf.kind": "application"}
    (container,) = await docker.list_containers(labels)
    await docker.remove_container(container.id)
    relay.mend()
    await shop.until("RUNNING")
    await eventually(shop.answers)
    (another,) = await docker.list_containers(labels)
    await docker.close()
    assert another.id != container.id


async def test_a_server_that_starts_without_an_engine_says_so_and_waits_for_it(tmp_path: Path, relay: Relay) -> None:
    relay.cut()
    world = World(tmp_path, WHARF_DOCKER_HOST=relay.url)
    world.start()
    try:
        shop = await world.application(await world.environment("shop"), "shop")

        async def unreachable() -> bool:
            return await server_state(world) == "UNREACHABLE"

        await eventually(unreachable)
        relay.mend()
        await shop.until("NEW")
        assert (await shop.deploy())["status"] == "SUCCEEDED"
        assert "Traceback" not in world.log.read_text()
    finally:
        world.stop()
        world.uninstall()


async def test_a_container_that_loses_its_network_is_noticed_and_brought_back(far_world: World) -> None:
    shop = await far_world.application(await far_world.environment("shop"), "shop", replicas=2)
    await shop.deploy()
    docker = DockerGateway(None)
    labels = {"wharf.instance": far_world.instance_id, "wharf.kind": "application"}
    container = (await docker.list_containers(labels))[0]
    (network,) = container.addresses
    start = (await far_world.ask("{ eventCursor }"))["eventCursor"]
    await docker.disconnect_network(network, container.id)
    document = """subscription($id: ID!, $after: Cursor) { applicationEvents(applicationId: $id, after: $after) {
        ... on ApplicationStatusChanged { status } } }"""
    async with far_world.subscription(document, id=shop.id, after=start) as messages:
        seen: list[str] = []
        async for message in messages:
            if status := message["applicationEvents"].get("status"):
                seen.append(status)
            if seen == ["DEGRADED", "RUNNING"]:
                break
    assert network in (await docker.inspect_container(container.id)).addresses
    await docker.close()
    answers = [(await shop.get()).status for _ in range(6)]
    assert answers == [200] * 6
