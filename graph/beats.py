"""When quiet connections are told that somebody is there."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle

_TICK = 0.25  # seconds


def call_about(loop: "AbstractEventLoop", seconds: float, beat: Callable[[], None]) -> "TimerHandle":
    """Call `beat` after so many seconds, or up to a quarter of one later, together with others that are due then.

    Each at a moment of its own, five thousand connections would wake the server hundreds of times a second, which
    costs more than what they are sent.
    """
    return loop.call_at(math.ceil((loop.time() + max(0.0, seconds)) / _TICK) * _TICK, beat)
