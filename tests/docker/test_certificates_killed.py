"""Certificates by ACME when the server, or the proxy, is killed; and the next one when the first runs out."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.docker.certified import Scene, running_scene
from tests.docker.composed import docker
from tests.docker.world import eventually

pytestmark = pytest.mark.docker

_MINUTES = 300  # seconds that certificates are valid here: Traefik asks for the next ones when it starts


@pytest.fixture(scope="module")
def module_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("killed")
    with running_scene(folder, valid_seconds=_MINUTES, refused=("refused.test",)) as scene:
        yield scene


@pytest.fixture
async def scene(module_scene: Scene, unique: Callable[[str], str]) -> AsyncIterator[Scene]:
    await module_scene.prepare(unique("project"), certificateDuration="1h")
    yield module_scene
    await module_scene.tidy()


async def test_what_was_ordered_before_the_server_was_killed_is_not_ordered_again(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    word = unique("shop")
    good, refused = f"{word}.test", f"{word}.refused.test"
    scene.authority.pause()
    for host in (good, refused):
        await scene.secure(host)
        await scene.until(host, "ORDERING")
        await scene.until_told(host)
    scene.world.kill()
    scene.authority.resume()

    async def answered() -> bool:
        return scene.authority.count("Issued certificate") == 1 and "forbidden by policy" in scene.proxy_log()

    await eventually(answered, within=30)
    scene.world.start()
    await scene.until_shown(good)
    failed = await scene.until(refused, "FAILED")
    assert "forbidden by policy" in failed["problem"], "it was said while nobody listened"
    assert scene.authority.validations(good) == 1
    # When Traefik gets the one, it tries the other again: that, too, is written down.
    assert scene.authority.orders in (2, 3)
    await eventually(lambda: scene.noted(scene.authority.orders))


async def test_the_server_may_be_killed_at_any_moment(scene: Scene, unique: Callable[[str], str]) -> None:
    hosts = []
    for state in ("PENDING", "CHECKING", "ORDERING"):
        hosts.append(await scene.secure(f"{unique('shop')}.test"))
        await scene.until_past(hosts[-1], state)
        scene.world.kill()
        scene.world.start()
    for host in hosts:
        await scene.until_shown(host)
        assert scene.authority.validations(host) <= 2


async def test_the_proxy_may_be_killed_while_it_orders(scene: Scene, unique: Callable[[str], str]) -> None:
    scene.authority.pause()
    host = await scene.secure(f"{unique('shop')}.test")
    await scene.until(host, "ORDERING")
    os.kill(int(docker("inspect", "--format", "{{.State.Pid}}", scene.proxy)), signal.SIGKILL)
    scene.authority.resume()
    await scene.until_shown(host, within=60)


async def test_the_next_certificate_is_noticed_and_both_outlive_the_proxy(
    scene: Scene, unique: Callable[[str], str]
) -> None:
    host = await scene.secure(f"{unique('shop')}.test")
    first = await scene.until_shown(host)
    # A proxy that starts asks for the next one before it has loaded what answers the authority.
    scene.authority.pause()
    docker("rm", "--force", scene.proxy)
    await eventually(lambda: scene.shows(host), within=30)
    scene.authority.resume()

    async def another() -> bool:
        return bool((await scene.certificate(host))["notAfter"] > first["notAfter"])

    await eventually(another, within=40)
    assert await scene.shown(host) == [host]
