"""The quick session of the simulation does what SQLAlchemy's does: no schedule can tell them apart."""

import pytest

from tests.simulation.running import running
from tests.simulation.schedule import Outcome

FIRST, COUNT = 70_000_000, 25


def lived(*, quick: bool) -> list[tuple[Outcome, list[str]]]:
    with running(quick=quick) as runner:
        told: list[list[str]] = [[] for _ in range(COUNT)]
        return [(runner.run(FIRST + number, lines.append), lines) for number, lines in enumerate(told)]


@pytest.mark.timeout(300)
def test_schedules_are_the_same_on_either_session() -> None:
    """Step for step: what is asked of Docker, what is told, and when."""
    assert lived(quick=True) == lived(quick=False)
