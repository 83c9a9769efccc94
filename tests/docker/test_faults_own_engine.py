"""A Docker engine that is really killed, and one whose disk is really full."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docker.faults import Said, Target, by_hand, running_target
from tests.docker.own_engine import OwnEngine, running_engine
from tests.docker.world import eventually

pytestmark = [
    pytest.mark.docker,
    pytest.mark.soak,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="a second dockerd needs root"),
]


@dataclass(frozen=True, slots=True)
class Installed:
    engine: OwnEngine
    target: Target


# Not async: what is made here belongs to this thread's network, and so does the loop of the test afterwards.
@pytest.fixture
def installed(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Installed]:
    options: tuple[str, ...] = getattr(request, "param", ())
    with running_engine(tmp_path, *options) as engine, running_target(tmp_path, str(engine.socket)) as target:
        yield Installed(engine, target)


def started(*containers: str) -> str:
    return by_hand("inspect", "--format={{.Id}} {{.State.StartedAt}}", *containers)


@pytest.mark.parametrize("installed", [(), ("--live-restore",)], ids=["plain", "live-restore"], indirect=True)
async def test_an_engine_that_was_killed_comes_back_with_all_it_ran(
    installed: Installed, request: pytest.FixtureRequest
) -> None:
    engine, target = installed.engine, installed.target
    said = Said(target.world)
    mine = [await target.container(each) for each in (target.shop, target.neighbour)]
    before = started(*mine, *target.proxies())
    for _ in range(2):
        async with target.changes("UNREACHABLE") as changes:
            engine.kill()
        assert changes.first_after < 2
        refused = await target.shop.deploy()
        assert refused["failure"]["reason"] == "ENGINE_UNREACHABLE"
        await asyncio.to_thread(engine.start)
        await target.repaired()
    if "live-restore" in request.node.name:
        assert started(*mine, *target.proxies()) == before, "nothing was started again"
    assert (await target.shop.deploy())["status"] == "SUCCEEDED"
    lines = [line for line in said.lines if "Docker engine answers" in line]
    assert len(lines) == 2, said.lines
    assert len([line for line in said.lines if not line.startswith("INFO")]) <= 4, said.lines


async def test_an_engine_whose_disk_is_full_serves_on_and_says_why_nothing_changes(installed: Installed) -> None:
    engine, target = installed.engine, installed.target
    said = Said(target.world)
    async with target.nothing_else_touched():
        ballast = engine.disk / "ballast"
        fill(ballast)
        failed = await target.shop.deploy()
        assert failed["status"] == "FAILED"
        assert "no space left" in failed["failure"]["message"].lower()
        await target.world.do("addDomain", applicationId=target.shop.id, url="http://second.test")

        async def proxy_has_failed() -> bool:
            (server,) = (await target.world.ask("{ servers { proxyState proxyReason } }"))["servers"]
            return server["proxyState"] == "FAILED" and "no space left" in server["proxyReason"].lower()

        await eventually(proxy_has_failed, within=20)
        await asyncio.sleep(5)  # to see that it is not said again and again
        ballast.unlink()

        async def is_routed() -> bool:
            return (await target.world.visit("second.test")).status == 200

        await eventually(is_routed, within=45)
    said.once("The proxy could not be brought up to date", "The proxy is up to date again")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
