"""A release that does not work: the old one serves on, and the deployment says why, soon."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.docker.registry import Login, running_registry
from tests.docker.world import Application, World

pytestmark = pytest.mark.docker

TCP_AT_ONCE = {"kind": "TCP", "startPeriod": "1s", "interval": "100ms", "timeout": "1s", "retries": 2}
HTTP_AT_ONCE = {**TCP_AT_ONCE, "kind": "HTTP", "path": "/health"}
COMMAND_AT_ONCE = {**TCP_AT_ONCE, "kind": "COMMAND"}


@pytest.mark.parametrize(
    ("boot", "fields", "reason", "exit_code", "words"),
    [
        ({"BOOT": "exit:3"}, {}, "EXITED", 3, "exit code 3"),
        ({"BOOT": "oom"}, {"memoryLimit": 64 * 1024 * 1024}, "OUT_OF_MEMORY", 137, "memory"),
        ({"BOOT": "deaf"}, {"healthCheck": TCP_AT_ONCE}, "PORT_NOT_LISTENING", None, "port 8000"),
        ({"FAIL_HEALTH": "1"}, {"healthCheck": HTTP_AT_ONCE}, "HEALTH_CHECK_FAILED", None, "status 503"),
        (
            {},
            {"healthCheck": {**COMMAND_AT_ONCE, "command": ["python3", "-c", "raise SystemExit('not today')"]}},
            "HEALTH_CHECK_FAILED",
            None,
            "not today",
        ),
        (
            {"BOOT": "deaf"},
            {"healthCheck": {**COMMAND_AT_ONCE, "command": ["true"]}},
            "PORT_NOT_LISTENING",
            None,
            "port 8000",
        ),
        ({}, {"command": ["/no/such/program"]}, "START_REFUSED", None, "/no/such/program"),
    ],
    ids=[
        "exits",
        "out of memory",
        "never listens",
        "fails its HTTP check",
        "fails its command",
        "passes its command but never listens",
        "cannot start",
    ],
)
async def test_the_old_release_serves_on_and_the_reason_is_told(
    world: World,
    environment: str,
    boot: dict[str, str],
    fields: dict[str, Any],
    reason: str,
    exit_code: int | None,
    words: str,
) -> None:
    steady = await world.application(environment, "steady")
    await steady.deploy()
    before = (await steady.get()).text

    await steady.variables(**boot)
    await steady.change(image="wharf-sample:2", **fields)
    began = time.monotonic()
    deployment = await steady.deploy()
    took = time.monotonic() - began

    assert deployment["status"] == "FAILED"
    assert deployment["failure"]["reason"] == reason
    assert words in deployment["failure"]["message"]
    assert deployment["failure"]["exitCode"] == exit_code
    assert (await steady.get()).text == before
    assert await steady.status() == "RUNNING"
    # The deciding fact comes at the latest 1.5 s after the start: the start period and two failed checks.
    assert took < 1.5 + 5, f"it took {took:.1f} s"


async def test_the_last_words_of_the_release_stay_with_the_deployment(world: World, environment: str) -> None:
    chatty = await world.application(environment, "chatty")
    await chatty.variables(BOOT="exit:3")
    deployment = await chatty.deploy()
    assert len(deployment["failure"]["logLines"]) >= 3
    log = await deployment_log(world, deployment["id"])
    assert deployment["failure"]["logLines"][-1] in log
    assert deployment["failure"]["message"] in log
    assert (await chatty.get()).status == 503
    assert await chatty.status() == "NEW"


async def test_an_image_is_pulled_from_a_registry_that_wants_credentials(
    world: World, environment: str, tmp_path: Path
) -> None:
    login = Login("keeper", "p@ss: wörd$")
    async with running_registry(tmp_path, login) as registry:
        image = await registry.push("wharf-sample:2", "team/shop:2")
        fields = {"image": image, "pullPolicy": "ALWAYS"}
        shop = await world.application(environment, "shop", **fields)
        await fails(shop, "REGISTRY_DENIED")

        await shop.change(registry={"username": login.username, "password": "wrong"})
        await fails(shop, "REGISTRY_DENIED")

        await shop.change(registry={"username": login.username, "password": login.password})
        assert (await shop.deploy())["status"] == "SUCCEEDED"
        assert (await shop.get()).text.startswith("hello from 2")

        await shop.change(image=registry.reference("team/shop:3"))
        await fails(shop, "IMAGE_NOT_FOUND")
        assert (await shop.get()).text.startswith("hello from 2")
    await shop.change(image=image)
    await fails(shop, "REGISTRY_UNREACHABLE")


async def test_an_image_is_pulled_from_an_open_registry(world: World, environment: str, tmp_path: Path) -> None:
    async with running_registry(tmp_path) as registry:
        image = await registry.push("wharf-sample:3", "open/shop:3")
        shop = await world.application(environment, "open-shop", image=image, pullPolicy="ALWAYS")
        deployment = await shop.deploy()
        assert deployment["status"] == "SUCCEEDED"
        assert any("Pulling" in line for line in await deployment_log(world, deployment["id"]))


async def fails(application: Application, reason: str) -> None:
    deployment = await application.deploy()
    assert deployment["status"] == "FAILED"
    assert deployment["failure"]["reason"] == reason


async def deployment_log(world: World, deployment_id: str) -> list[str]:
    document = "subscription($id: ID!) { deploymentLogs(deploymentId: $id) { number source text } }"
    async with world.subscription(document, id=deployment_id) as messages:
        return [message["deploymentLogs"]["text"] async for message in messages]
