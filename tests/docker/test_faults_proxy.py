"""The proxy, hurt by hand: it serves again within seconds what it served before."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.docker.faults import Said, Target, by_hand
from tests.docker.world import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


def root_of(proxy: str) -> Path:
    """The proxy's file system, as long as it runs."""
    return Path("/proc", by_hand("inspect", "--format={{.State.Pid}}", proxy), "root")


def document_of(target: Target) -> Path:
    """What the proxy serves from: it has it from us, and cannot write it."""
    (document,) = target.world.directory.glob("data/proxy/*/http.yml")
    return document


def lose_files(target: Target, root: Path) -> None:
    """All that the proxy was given, inside its own file system and beside it."""
    for path in (root / "etc/wharf").iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=path.name == "live")  # where the document is mounted read-only
        else:
            path.unlink()
    document_of(target).unlink()


async def both_answer(target: Target) -> bool:
    try:
        # A connection to a proxy that is being replaced may stay without an answer.
        async with asyncio.timeout(2):
            return await target.shop.answers() and await target.neighbour.answers()
    except TimeoutError:
        return False


@pytest.mark.parametrize("deed", [("kill",), ("rm", "-f"), ("pause",), ("stop", "-t", "1")], ids="-".join)
async def test_a_proxy_that_does_not_run_is_replaced(target: Target, deed: tuple[str, ...]) -> None:
    said = Said(target.world)
    (proxy,) = target.proxies()
    async with target.no_other_container_touched():
        by_hand(*deed, proxy)
        await eventually(lambda: both_answer(target), within=15)
        assert len(target.proxies()) == 1
    said.once("The proxy does not run as it should")


async def test_a_proxy_that_crashed_with_all_its_files_gone_is_replaced(target: Target) -> None:
    (proxy,) = target.proxies()
    async with target.no_other_container_touched():
        pid = int(by_hand("inspect", "--format={{.State.Pid}}", proxy))
        lose_files(target, root_of(proxy))
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: both_answer(target), within=30)


async def test_a_configuration_that_was_emptied_is_written_again(target: Target) -> None:
    said = Said(target.world)
    (proxy,) = target.proxies()
    document = document_of(target)
    async with target.no_other_container_touched():
        document.unlink()
        document.write_text("")
        await eventually(lambda: target.shop.answers(404))
        await eventually(lambda: both_answer(target), within=10)
    assert target.proxies() == [proxy]
    said.once("The proxy does not serve what it was told")


async def test_a_configuration_that_was_deleted_or_cut_short_keeps_nobody_from_being_served(target: Target) -> None:
    (proxy,) = target.proxies()
    document = document_of(target)
    async with target.nothing_else_touched():
        os.truncate(document, 100)  # never empty on the way: an empty file is a valid configuration
        await target.shop.deploy()
        assert await target.shop.answers()
    assert target.proxies() == [proxy]


@pytest.mark.soak
async def test_a_stopped_proxy_whose_files_were_emptied_starts_whole(target: Target) -> None:
    (proxy,) = target.proxies()
    target.world.pause()
    try:
        by_hand("kill", proxy)
        lose_files(target, Path(by_hand("inspect", "--format={{.GraphDriver.Data.UpperDir}}", proxy)))
        by_hand("start", proxy)
    finally:
        target.world.resume()
    await eventually(lambda: both_answer(target), within=30)


@pytest.mark.soak
async def test_a_proxy_that_hangs_is_replaced(target: Target) -> None:
    said = Said(target.world)
    (proxy,) = target.proxies()
    async with target.no_other_container_touched():
        os.kill(int(by_hand("inspect", "--format={{.State.Pid}}", proxy)), signal.SIGSTOP)

        async def replaced() -> bool:
            return proxy not in target.proxies()

        await eventually(replaced, within=60)
        await eventually(lambda: both_answer(target), within=15)
    said.once(
        "The proxy does not serve what it was told",
        "The proxy could not be brought up to date: The proxy runs but serves nothing",
        "The proxy does not run as it should",
        "The proxy is up to date again",
    )
