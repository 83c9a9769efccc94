"""Running many schedules in one process, and burying what they leave."""

import gc
import itertools
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.simulation.beginnings import STORIES, Beginning, make
from tests.simulation.clockwork import QuickWorkshop, Workshop
from tests.simulation.schedule import INTERRUPTIONS, Outcome, Schedule
from tests.simulation.world import World

_BURY_EVERY = 20


class Runner:
    """Runs schedules one after the other; use it through `running`."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.graves: list[World] = []
        self._rested: list[Beginning] = [make(workshop, story, self.graves) for story in STORIES]
        self._interrupted: dict[int, Beginning] = {}
        self.bury()

    def run(self, number: int, tell: Callable[[str], None] | None = None) -> Outcome:
        schedule = Schedule(number, self.workshop, tell)
        try:
            return schedule.run(self._rested, self._interruption)
        finally:
            schedule.world.close()
            self.graves.append(schedule.world)
            if len(self.graves) >= _BURY_EVERY:
                self.bury()

    def _interruption(self, number: int) -> Beginning:
        """Made when it is needed first, so that one schedule can be repeated alone."""
        attempts = itertools.count(-1 - number, -INTERRUPTIONS)
        while number not in self._interrupted:
            schedule = Schedule(next(attempts), self.workshop)
            if beginning := schedule.interrupt(self._rested):
                self._interrupted[number] = beginning
            schedule.world.close()
            self.graves.append(schedule.world)
        return self._interrupted[number]

    def bury(self) -> None:
        """Let go of finished worlds."""
        self.graves.clear()
        gc.collect()


@contextmanager
def running(*, quick: bool = False) -> Iterator[Runner]:
    """A runner with a database in memory. Garbage is collected between schedules only: they must repeat."""
    workshop = QuickWorkshop() if quick else Workshop()
    gc.disable()
    try:
        with _silence(), workshop.open():
            runner = Runner(workshop)
            gc.freeze()
            try:
                yield runner
            finally:
                runner.bury()
    finally:
        gc.unfreeze()
        gc.enable()
        workshop.close()


@contextmanager
def _silence() -> Iterator[None]:
    """What dead tasks say while they are taken apart means nothing."""
    engine, hook = logging.getLogger("engine"), sys.unraisablehook
    level = engine.level
    engine.setLevel(logging.CRITICAL + 1)
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        engine.setLevel(level)
        sys.unraisablehook = hook
