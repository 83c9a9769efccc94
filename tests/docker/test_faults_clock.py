"""The clock is set by an hour, forwards and backwards: nothing waits for it, nothing ends because of it."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.docker.faults import AT_ONCE, Said, Target, by_hand, running_target
from tests.docker.world import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


class Clock:
    """The clock of one server process; that of the machine, and what counts seconds since its start, stay."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set("+0")

    def set(self, offset: str) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{offset}\n")
        beside.replace(self._file)

    @property
    def environ(self) -> dict[str, str]:
        assert LIBRARY, "libfaketime is missing: run 'scripts/setup test'"
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # which makes threads wait for each other a hundred times longer
        }


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock") / "offset")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Target]:
    with running_target(tmp_path_factory.mktemp("clocked"), **clock.environ) as made:
        yield made


@pytest.mark.parametrize("hours", [1, pytest.param(-1, marks=pytest.mark.soak)])
async def test_a_clock_that_jumps_by_an_hour_changes_nothing(target: Target, clock: Clock, hours: int) -> None:
    world, said = target.world, Said(target.world)
    try:
        async with target.nothing_else_touched():
            under_way = await target.shop.ask_for()
            clock.set(f"{hours:+d}h")
            began = time.monotonic()
            assert (await target.shop.ended(under_way))["status"] == "SUCCEEDED"
            assert time.monotonic() - began < 30
            await eventually(lambda: is_off_by(target, timedelta(hours=hours)))
            async with target.changes("RUNNING") as changes:
                by_hand("kill", await target.container(target.shop))
            assert changes.seen == ["FAILING", "RUNNING"]
            assert changes.first_after < AT_ONCE
            clock.set("+0")
            assert (await target.shop.deploy())["status"] == "SUCCEEDED"
            await eventually(target.shop.answers)
            assert (await world.ask("{ servers { state } }"))["servers"] == [{"state": "REACHABLE"}]
    finally:
        clock.set("+0")
    said.once()


async def is_off_by(target: Target, offset: timedelta) -> bool:
    """Whether this is how far the server's clock is before ours."""
    name = f"at-{time.monotonic_ns()}"
    made = await target.world.do("createProject", "project { createdAt }", name=name)
    told = datetime.fromisoformat(made["project"]["createdAt"])
    return abs(told - datetime.now().astimezone() - offset) < timedelta(minutes=1)
