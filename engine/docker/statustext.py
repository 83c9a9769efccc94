"""What Docker's container list says of a container in words: "Exited (137) 2 hours ago". Pure.

The list has no exact times and no exit code of its own; the words have both, as exactly as a person wants them.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from engine.docker.values import ContainerHealth

_HEALTH = {
    "health: starting": ContainerHealth.STARTING,
    "healthy": ContainerHealth.HEALTHY,
    "unhealthy": ContainerHealth.UNHEALTHY,
}
_ENDED = re.compile(r"Exited \((-?\d+)\) (.+) ago")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_AGE = re.compile(r"(\d+|About an?|Less than a) (second|minute|hour|day|week|month|year)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000}


@dataclass(frozen=True, slots=True)
class Age:
    """How long ago something was: at least, and at most."""

    least: timedelta
    most: timedelta


def spoken_health(status: str) -> ContainerHealth | None:
    """The verdict of the image's health check; None without one."""
    return next((_HEALTH[words] for words in _BRACKETS.findall(status) if words in _HEALTH), None)


def spoken_end(status: str) -> tuple[int, Age] | None:
    """The exit code of a container that has ended, and how long ago that was; None for others."""
    found = _ENDED.fullmatch(status)
    age = _age(found[2]) if found else None
    return (int(found[1]), age) if found and age else None


def _age(words: str) -> Age | None:
    found = _AGE.fullmatch(words)
    if not found:
        return None
    number = 0 if found[1] == "Less than a" else int(found[1]) if found[1].isdecimal() else 1
    # Docker cuts minutes, days, weeks … off, and rounds hours.
    unit = timedelta(seconds=_SECONDS[found[2]])
    return Age(max(number - 0.5, 0) * unit, (number + 1) * unit)
