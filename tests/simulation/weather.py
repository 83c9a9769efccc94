"""What the lot decides: how long things take, and what goes wrong."""

import random
from dataclasses import dataclass, field
from enum import Enum


class Mishap(Enum):
    """What may happen to a question put to Docker."""

    REFUSED = "refused"  # Docker says 500, and has done nothing
    UNSENT = "not sent"  # the connection broke before Docker had read the question
    UNANSWERED = "answer lost"  # Docker has done it, and the connection broke before it had said so
    HUNG = "hung"  # Docker has done it, or not, and says nothing until the deadline


@dataclass(slots=True)
class Weather:
    """Delays are seconds, chances are of one question. `calm` ends all mishaps; delays remain."""

    lot: random.Random
    pace: float = 0.005
    slow: float = 0.0
    chances: dict[Mishap, float] = field(default_factory=dict)
    proxy_deaf: float = 0.0  # the chance that the proxy misses a delivery

    def calm(self) -> None:
        self.chances, self.slow, self.proxy_deaf = {}, 0.0, 0.0

    def delay(self) -> float:
        """Until a question has arrived, or an answer is back."""
        if self.slow and self.lot.random() < self.slow:
            return self.lot.uniform(0.1, 4.0)
        return self.lot.uniform(0.1, 2.0) * self.pace

    def thread_delay(self) -> float:
        if self.slow and self.lot.random() < self.slow / 4:
            return self.lot.uniform(0.05, 1.0)
        return self.lot.uniform(0.0002, 0.002)

    def mishap(self) -> Mishap | None:
        if not self.chances:
            return None
        drawn = self.lot.random()
        for mishap, chance in self.chances.items():
            drawn -= chance
            if drawn < 0:
                return mishap
        return None

    def within(self, least: float, most: float) -> float:
        return self.lot.uniform(least, most)

    def happens(self, chance: float) -> bool:
        return bool(chance) and self.lot.random() < chance
