"""Which version of a server can open what another one has written."""

from collections.abc import Callable
from itertools import pairwise

MayFollow = Callable[[str, str], bool]


def unchanged(data: str, version: str) -> bool:
    """Only the very version: the data of another one has to be dumped and restored."""
    return data == version


def upwards(data: str, version: str) -> bool:
    """The same or any later one, never an earlier one."""
    return number(data) <= number(version)


def stepwise(*steps: str) -> MayFollow:
    """The same, or the next one of these, given from the oldest on; none is skipped."""
    following = set(pairwise(steps))

    def may_follow(data: str, version: str) -> bool:
        return data == version or (data, version) in following

    return may_follow


def number(version: str) -> tuple[int, ...]:
    """To compare by: 10.11 is later than 10.6."""
    return tuple(int(part) for part in version.split("."))
