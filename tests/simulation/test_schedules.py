"""The engine, against everything that may happen, in thousands of orders; a number repeats each of them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.running import Runner, running

ROOT = Path(__file__).parents[2]
WORKERS = 2
EACH = 5_000
"""Schedules per worker in a normal run; `make soak` takes ten times as many."""


@pytest.mark.timeout(900)
def test_the_invariants_hold_in_every_schedule(seed: int) -> None:
    assert_all_hold(seed, EACH)


@pytest.mark.soak
@pytest.mark.timeout(9000)
def test_the_invariants_hold_in_many_more_schedules(seed: int) -> None:
    assert_all_hold(seed + 100, 10 * EACH)


def assert_all_hold(seed: int, each: int) -> None:
    """Run schedules in as many processes as there are workers, none of which may find a violation."""
    program = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), "--step", str(WORKERS)]
    workers = [
        subprocess.Popen(
            [*program, "--first", str(number), "--count", str(each)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(WORKERS)
    ]
    try:
        said = [worker.communicate()[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0] * WORKERS, "\n".join(said)
    different = [int(found) for text in said for found in re.findall(r", (\d+) different,", text)]
    assert sum(different) > 0.9 * WORKERS * each, "Too many schedules take the same course."


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with running(quick=True) as made:
        yield made


def traced(runner: Runner, number: int) -> list[str]:
    lines: list[str] = []
    runner.run(number, lines.append)
    return lines


@pytest.mark.parametrize("number", [3, 11, 29])
def test_a_schedule_repeats_exactly(runner: Runner, number: int) -> None:
    once = traced(runner, number)
    for other in range(50, 53):
        runner.run(other)
    assert traced(runner, number) == once
    assert len(once) > 5
