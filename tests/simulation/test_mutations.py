"""The simulation finds mistakes: each of these, put into the engine on purpose, violates an invariant soon."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

import engine.engine
from db.models import Event
from engine.deployments.health import HealthChecker
from engine.deployments.runner import Runner as Deploying
from engine.deployments.runner import point_to
from engine.deployments.work_order import WorkOrder
from engine.events import EventLog
from engine.observer import Observer
from tests.simulation import invariants, oracle
from tests.simulation.running import Runner, running

ENOUGH = 60
"""Schedules within which each mistake must be found."""

_take_in = EventLog._take_in


async def retire_before_publishing(self: Deploying, order: WorkOrder) -> None:
    await self._replicas.keep_running(order.made.id, order.spec)
    await self._sessions.write(point_to, order.application.id, order.made.id)


async def do_nothing(*_: object) -> None:
    return None


async def look_at_nothing(*_: object) -> list[object]:
    return []


def lose_the_last_of_many(self: EventLog, events: list[Event]) -> None:
    _take_in(self, events)
    if len(events) > 1:
        self._recent.pop()


MISTAKES: dict[str, tuple[Any, str, Any, str]] = {
    "the old release ends before the route has moved": (
        Deploying,
        "_route",
        retire_before_publishing,
        oracle.ANSWERED,
    ),
    "nobody is examined": (HealthChecker, "until_healthy", do_nothing, oracle.PROVED),
    "what happened in a gap is not looked at": (Observer, "look_at_all", look_at_nothing, ""),
    "the memory of events loses one": (
        EventLog,
        "_take_in",
        lose_the_last_of_many,
        str(invariants.events_are_whole.__doc__),
    ),
    "nothing is looked after once we are back": (engine.engine, "reconcile", do_nothing, ""),
}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with running(quick=True) as made:
        yield made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(runner: Runner, mistake: str) -> None:
    owner, name, wrong, sentence = MISTAKES[mistake]
    with mock.patch.object(owner, name, wrong):
        found = next(filter(None, (runner.run(number).violations for number in range(ENOUGH))), ())
    assert found, f"In {ENOUGH} schedules nobody noticed that {mistake}."
    assert any(sentence in each for each in found), found
