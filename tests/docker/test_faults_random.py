"""One fault after the other, and two at once, drawn by lot: in the end all is as it is wanted to be."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.docker.faults import Refused, Said, Target, by_hand, network_of
from tests.docker.load import visitors
from tests.docker.relay import Silence
from tests.docker.world import eventually

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(900)]

MINUTES = 5
LINES_PER_FAULT = 12
"""What one fault may cost in the log, with the deployment that goes on meanwhile."""

Lot = random.Random
Fault = Callable[[Target, list[str], Lot], None]


def hurt_container(target: Target, containers: list[str], lot: Lot) -> None:
    deed = lot.choice((["kill"], ["rm", "-f"], ["pause"], ["stop", "-t", "0"], ["restart", "-t", "0"]))
    by_hand(*deed, lot.choice(containers))


def rename_container(target: Target, containers: list[str], lot: Lot) -> None:
    by_hand("rename", lot.choice(containers), f"mine-{lot.randrange(10**9)}")


def hurt_proxy(target: Target, containers: list[str], lot: Lot) -> None:
    deed = lot.choice((["kill"], ["rm", "-f"], ["pause"], ["restart", "-t", "1"]))
    by_hand(*deed, lot.choice(target.proxies()))


def crash_proxy(target: Target, containers: list[str], lot: Lot) -> None:
    os.kill(int(by_hand("inspect", "--format={{.State.Pid}}", target.proxies()[0])), signal.SIGKILL)


def disconnect(target: Target, containers: list[str], lot: Lot) -> None:
    container = lot.choice(containers)
    by_hand("network", "disconnect", network_of(container), lot.choice([container, *target.proxies()]))


def cut_engine(target: Target, containers: list[str], lot: Lot) -> None:
    target.relay.cut()


def hang_engine(target: Target, containers: list[str], lot: Lot) -> None:
    target.relay.hang(lot.choice([each for each in Silence if each is not Silence.NOTHING]))


def kill_server(target: Target, containers: list[str], lot: Lot) -> None:
    target.world.kill()
    target.world.start()


FAULTS: list[Fault] = [
    hurt_container,
    rename_container,
    hurt_proxy,
    crash_proxy,
    disconnect,
    cut_engine,
    hang_engine,
    kill_server,
]


async def test_whatever_happens_all_is_as_it_is_wanted_in_the_end(target: Target, seed: int) -> None:
    lot, said, count = random.Random(seed), Said(target.world), 0
    until = time.monotonic() + MINUTES * 60
    async with target.no_other_container_touched():
        while time.monotonic() < until:
            count += 1
            await one_round(target, lot, count)
    assert len(said.lines) < count * LINES_PER_FAULT, said.lines
    async with visitors(target.shop) as visits:
        await visits.reach(200)
    assert visits.wrong == []


async def one_round(target: Target, lot: Lot, number: int) -> None:
    containers = [await target.container(target.shop)]
    deployment = await target.shop.ask_for() if lot.random() < 0.3 else None
    faults = lot.sample(FAULTS, k=lot.choice((1, 1, 2)))
    for fault in faults:
        try:
            await asyncio.to_thread(fault, target, containers, lot)
        except Refused:
            continue  # what a deployment or the first of two has removed already cannot be hurt
        await asyncio.sleep(lot.uniform(0, 3))
    target.relay.mend()
    if deployment:
        await target.shop.ended(deployment)
    try:
        await target.repaired()
        await eventually(lambda: is_tidy(target), within=60)
    except TimeoutError:
        names = [fault.__name__ for fault in faults]
        log = target.world.log.read_text()[-3000:]
        raise AssertionError(f"round {number} ({names}) was not mended:\n{log}") from None


async def is_tidy(target: Target) -> bool:
    """One container for each application, one proxy, and nothing else of ours."""
    mine = by_hand("ps", "-aq", f"--filter=label=wharf.instance={target.world.instance_id}").split()
    rows = [row for each in (target.shop, target.neighbour) for row in await target.containers(each)]
    return len(mine) == 3 and len(rows) == 2 and {row["state"] for row in rows} == {"RUNNING"}
