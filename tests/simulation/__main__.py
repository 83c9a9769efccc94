"""Runs schedules: `python -m tests.simulation --count 1000 --seed 1`, or one again: `--replay 4711`."""

import argparse
import os
import sys
import time

from tests.simulation.running import running


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--replay", type=int, help="run this schedule alone, and print what happens")
    parser.add_argument("--first", type=int, default=0, help="the number of the first schedule")
    parser.add_argument("--count", type=int, default=1000, help="how many schedules")
    parser.add_argument("--step", type=int, default=1, help="from one number to the next")
    parser.add_argument("--seed", type=int, default=1, help="which numbers: those of one seed are not another's")
    wanted = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of strings is part of what repeats.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    with running(quick=True) as runner:
        if wanted.replay is not None:
            return 1 if runner.run(wanted.replay, print).violations else 0
        began, failed = time.process_time(), 0
        courses: set[str] = set()
        first = wanted.seed * 10_000_000 + wanted.first
        for number in range(first, first + wanted.count * wanted.step, wanted.step):
            outcome = runner.run(number)
            courses.add(outcome.course)
            if outcome.violations:
                failed += 1
                print(f"schedule {number}: {outcome.violations[0]}", flush=True)
                print(f"    again: {sys.executable} -m tests.simulation --replay {number}", flush=True)
        spent = time.process_time() - began
        each = spent / wanted.count * 1000
        print(f"{wanted.count} schedules, {len(courses)} different, {failed} failed, {each:.1f} ms of CPU each")
        return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
