"""Our image, run by `compose.yaml`: it deploys from inside its container, and may itself be killed and replaced."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from tests.docker.composed import ComposedWorld, built_image, docker
from tests.docker.load import visitors
from tests.docker.test_killed import reaches
from tests.docker.test_upgrading import started
from tests.docker.world import Application, eventually

# The image is built by whichever test is the first: on a new machine that takes two minutes.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

GRACE = 6.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposedWorld]:
    """An installation in a container, which goes as the README says."""
    built_image()
    made = ComposedWorld(tmp_path_factory.mktemp("composed"))
    try:
        made.start()
        yield made
    finally:
        made.stop()
        made.compose("run", "--rm", "-T", "wharfinger", "wharf", "uninstall", "--yes", "--volumes")
        made.compose("down", "--volumes")


@pytest.fixture
async def shop(world: ComposedWorld, unique: Callable[[str], str]) -> AsyncGenerator[Application]:
    """An application that is live."""
    environment = await world.environment(unique("project"))
    check = {"kind": "HTTP", "path": "/health"}
    made = await world.application(environment, unique("shop"), healthCheck=check, stopGracePeriod=f"{GRACE:g}s")
    assert (await made.deploy())["status"] == "SUCCEEDED"
    yield made
    await world.do("removeApplication", applicationId=made.id)


async def test_a_redeployment_from_inside_the_container_drops_no_request(shop: Application) -> None:
    await shop.change(image="wharf-sample:2")
    async with visitors(shop) as visits:
        visits.expect("2")
        assert (await shop.deploy())["status"] == "SUCCEEDED"
        await visits.reach(30)
    assert visits.wrong == []
    assert visits.versions.keys() == {"1", "2"}


async def test_the_last_connection_ends_the_draining_and_not_the_grace_period(shop: Application) -> None:
    url = f"http://127.0.0.1:{shop.world.http_port}/slow?seconds=2"
    async with aiohttp.ClientSession(headers={"Host": shop.host}) as session:
        answer = asyncio.ensure_future(session.get(url))
        await shop.change(image="wharf-sample:2")
        deployment = await shop.ask_for()
        await reaches(shop, deployment, "RETIRING")
        begun = time.monotonic()
        async with await answer as slow:
            assert (slow.status, slow.headers["X-Version"]) == (200, "1")
    assert (await shop.ended(deployment))["status"] == "SUCCEEDED"
    assert time.monotonic() - begun < GRACE


async def test_a_crash_in_the_middle_is_followed_by_a_restart_that_finishes(
    world: ComposedWorld, shop: Application
) -> None:
    await shop.change(image="wharf-sample:2")
    async with visitors(shop) as visits:
        visits.expect("2")
        deployment = await shop.ask_for()
        await reaches(shop, deployment, "CHECKING")
        crashed = world.facts()
        world.kill()
        await eventually(lambda: restarted(world, crashed), within=30)
        world.until_it_answers()
        async with asyncio.timeout(20):
            assert (await shop.ended(deployment))["status"] == "SUCCEEDED"
        await visits.reach(30)
    assert visits.wrong == []
    assert (await shop.get()).text.startswith("hello from 2")


async def restarted(world: ComposedWorld, before: dict[str, Any]) -> bool:
    """Whether it is the same container, started again."""
    now = world.facts()
    assert now["Id"] == before["Id"]
    return bool(now["State"]["Running"] and now["State"]["StartedAt"] != before["State"]["StartedAt"])


async def test_a_new_container_takes_over_and_restarts_nothing(world: ComposedWorld, shop: Application) -> None:
    before, control_plane = started(world), world.facts()["Id"]
    async with visitors(shop) as visits:
        world.compose("up", "--detach", "--no-build", "--force-recreate")
        world.until_it_answers()
        assert world.facts()["Id"] != control_plane
        await shop.until("RUNNING")
        assert started(world) == before
        await shop.change(image="wharf-sample:2")
        visits.expect("2")
        assert (await shop.deploy())["status"] == "SUCCEEDED"
        await visits.reach(30)
    assert visits.wrong == []


def test_the_proxy_shares_a_directory_of_the_data_volume_with_it_and_has_a_volume_of_its_own(
    world: ComposedWorld, shop: Application
) -> None:
    marks = (f"--filter=label=wharf.instance={world.instance_id}", "--filter=label=wharf.kind=proxy")
    (proxy,) = docker("container", "ls", "--quiet", *marks).split()
    (found,) = json.loads(docker("container", "inspect", proxy))
    (volume,) = (each["Source"] for each in world.facts()["Mounts"] if each["Destination"] == "/data")
    shared, certificates = sorted(found["Mounts"], key=lambda mount: str(mount["Type"]))
    assert shared["Source"] == f"{volume}/proxy{found['Name']}"
    assert shared["RW"] is False
    assert certificates["Name"] == f"wharf-{world.instance_id}-acme"


def test_it_has_no_rights_but_the_socket(world: ComposedWorld) -> None:
    user, bounds, refusal = world.inside(
        "sh", "-c", "id -un; grep CapBnd /proc/self/status; touch /opt/wharf/x 2>&1 || true"
    ).splitlines()
    assert user == "wharf"
    assert int(bounds.split()[1], 16) == 0, "a capability that it could ever have"
    assert refusal.endswith("Read-only file system")


async def test_it_says_that_it_is_healthy(world: ComposedWorld) -> None:
    async def healthy() -> bool:
        return bool(world.facts()["State"]["Health"]["Status"] == "healthy")

    await eventually(healthy, within=40)
    assert "ok    server: It answers." in world.command("doctor", "--quick")


def test_its_log_is_docker_s(world: ComposedWorld) -> None:
    said = docker("container", "logs", world.facts()["Id"])
    assert "The API is at" in said
    assert world.token not in said


def test_it_ends_in_time_when_told_to(world: ComposedWorld) -> None:
    begun = time.monotonic()
    world.stop()
    assert time.monotonic() - begun < 20, "compose.yaml gives it 30 seconds, then it would be killed"
    assert world.facts()["State"]["ExitCode"] == 0
    world.start()
