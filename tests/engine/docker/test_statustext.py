"""The words of Docker's container list."""

from datetime import timedelta

import pytest

from engine.docker.statustext import spoken_end, spoken_health
from engine.docker.values import ContainerHealth

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# As Docker's units.HumanDuration puts these ages.
@pytest.mark.parametrize(
    ("words", "ages"),
    [
        ("Less than a second", [0 * SECOND, 0.9 * SECOND]),
        ("1 second", [1 * SECOND, 1.9 * SECOND]),
        ("59 seconds", [59 * SECOND, 59.9 * SECOND]),
        ("About a minute", [60 * SECOND, 119.9 * SECOND]),
        ("2 minutes", [2 * MINUTE, 2.9 * MINUTE]),
        ("About an hour", [60 * MINUTE, 1.49 * HOUR]),
        ("2 hours", [1.5 * HOUR, 2.49 * HOUR]),
        ("2 days", [47.5 * HOUR, 71.4 * HOUR]),
        ("2 weeks", [13.99 * DAY, 20.9 * DAY]),
        ("2 months", [60 * DAY, 89.9 * DAY]),
        ("2 years", [730 * DAY, 1094 * DAY]),
    ],
)
def test_the_age_of_an_end_lies_within_what_the_words_say(words: str, ages: list[timedelta]) -> None:
    end = spoken_end(f"Exited (137) {words} ago")
    assert end is not None
    exit_code, age = end
    assert exit_code == 137
    assert all(age.least <= real <= age.most for real in ages)
    assert age.most - age.least <= max(2 * ages[-1], 2 * SECOND), "the words still tell something"


@pytest.mark.parametrize("status", ["Up 3 minutes", "Created", "Exited (0)", "Exited (0) soon", "Dead", ""])
def test_what_has_not_ended_or_is_not_understood_has_no_end(status: str) -> None:
    assert spoken_end(status) is None


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Up 3 minutes", None),
        ("Up 3 minutes (healthy)", ContainerHealth.HEALTHY),
        ("Up 3 minutes (unhealthy)", ContainerHealth.UNHEALTHY),
        ("Up 2 seconds (health: starting)", ContainerHealth.STARTING),
        ("Up 3 minutes (Paused)", None),
    ],
)
def test_the_health_is_in_the_words(status: str, health: ContainerHealth | None) -> None:
    assert spoken_health(status) is health
