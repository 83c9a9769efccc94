"""Networks: the members of an environment reach each other by name, and nobody else does."""

import pytest

from engine.docker.gateway import DockerGateway
from engine.docker.values import ExecResult
from tests.docker.test_deploying import raw_id
from tests.docker.world import Application, World

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
