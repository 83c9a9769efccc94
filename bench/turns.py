"""Two ways of doing the same thing, measured side by side."""

from collections.abc import Awaitable, Callable

_WARM_UP = 2

Measured = Callable[[], Awaitable[float]]


async def by_turns(ours: Measured, theirs: Measured, number: int) -> list[tuple[float, float]]:
    """So many pairs of measurements, each side first in every other pair, after some that do not count.

    What else happens on the machine then falls on both sides alike.
    """
    pairs = []
    for each in range(number + _WARM_UP):
        if each % 2:
            other = await theirs()
            pairs.append((await ours(), other))
        else:
            pairs.append((await ours(), await theirs()))
    return pairs[_WARM_UP:]
