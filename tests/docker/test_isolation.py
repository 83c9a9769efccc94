"""Networks: the members of an environment reach each other by name, and nobody else does."""

from collections.abc import Callable

import pytest

from engine import labels
from engine.docker.gateway import DockerGateway
from engine.docker.values import ExecResult
from graph.ids import read_global_id
from tests.docker.belongings import claimed
from tests.docker.test_deploying import raw_id
from tests.docker.world import Application, World, eventually

pytestmark = pytest.mark.docker

CALL = "import urllib.request as u; print(u.urlopen('http://{host}:8000/', timeout=3).read().decode())"


async def test_members_of_an_environment_reach_each_other_by_name_and_others_do_not(
    world: World, environment: str
) -> None:
    front = await world.application(environment, "front")
    api = await world.application(environment, "api", image="wharf-sample:2")
    stranger = await world.application(await world.environment("strangers"), "stranger")
    for application in (front, api, stranger):
        assert (await application.deploy())["status"] == "SUCCEEDED"

    inside = await call_from(front, "api")
    assert (inside.exit_code, inside.output.startswith("hello from 2")) == (0, True)
    assert (await call_from(stranger, "api")).exit_code != 0, "the name means nothing there"
    assert (await call_from(stranger, await address_of(api))).exit_code != 0, "nor does the address lead there"
    await world.do("removeApplication", applicationId=stranger.id)


async def test_the_range_of_a_network_that_somebody_removed_is_given_back_with_its_environment(
    world: World, unique: Callable[[str], str]
) -> None:
    environment = await world.environment(unique("short-lived"))
    known = read_global_id(environment)
    assert known is not None
    shop = await world.application(environment, "short-lived")
    await shop.deploy()
    assert known[1] in claimed(world)
    await world.do("removeApplication", applicationId=shop.id)
    await eventually(shop.is_gone)

    await remove_network(labels.network_name(known[1]))
    await world.do("removeEnvironment", environmentId=environment)

    async def given_back() -> bool:
        return known[1] not in claimed(world)

    await eventually(given_back)


async def remove_network(name: str) -> None:
    docker = DockerGateway(None)
    for member in (await docker.inspect_network(name)).members:
        await docker.disconnect_network(name, member)
    await docker.remove_network(name)
    await docker.close()


async def call_from(application: Application, host: str) -> ExecResult:
    docker = DockerGateway(None)
    try:
        (container,) = await docker.list_containers(
            {"wharf.application": await raw_id(application.world, application.id)}
        )
        return await docker.exec(container.id, ["python3", "-c", CALL.format(host=host)], 20)
    finally:
        await docker.close()


async def address_of(application: Application) -> str:
    docker = DockerGateway(None)
    try:
        (container,) = await docker.list_containers(
            {"wharf.application": await raw_id(application.world, application.id)}
        )
        return next(iter(container.addresses.values()))
    finally:
        await docker.close()
