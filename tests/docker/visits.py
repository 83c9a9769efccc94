"""What visitors got: how many right answers, and of the wrong ones each with what was wrong about it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

PAGE = "the page of a stopped application"
NOWHERE = "the page of a host that nobody claimed"


class Wrong(Exception):
    """What no visitor may get. The sentence begins with the kind of wrong: status, reset, truncated, …"""


class Visits:
    """What happened so far to the visitors of one application.

    Who may answer is a sequence: the versions in the order in which they take over. An answer may come from
    the one that answered last, or from a later one, but never again from one before.
    """

    def __init__(self, version: str, grace: float) -> None:
        self.wrong: list[str] = []
        self.answered: Counter[str] = Counter()  # by kind of visitor
        self.versions: Counter[str] = Counter()
        self.outlived: list[float] = []  # of each stream that was ended: seconds since its release was replaced
        self.floor = 0  # the place in the sequence before which nobody may answer any more
        self._sequence = [version]
        self._since = [self._now()]
        self._grace = grace
        self._news = asyncio.Event()

    def expect(self, version: str) -> None:
        """From now on, until it has answered, this version may answer too."""
        self._sequence.append(version)

    def settle(self) -> None:
        """What was asked for has succeeded: whatever is asked from now on is answered by the last version."""
        self._reached(len(self._sequence) - 1)

    def place(self, version: str, floor: int) -> int:
        """Where in the sequence an answer of `version` stands, if `floor` was reached when it was asked for."""
        if version not in self._sequence[floor:]:
            expected = " or ".join(self._sequence[floor:])
            raise Wrong(f"wrong release order: answered by {version}, not by {expected}")
        place = self._sequence.index(version, floor)
        self._reached(place)
        self.versions[version] += 1
        self._tell()
        return place

    def ended(self, place: int) -> None:
        """A stream of the version at `place` was ended from the other side, which may not be before its time."""
        if self._sequence[place + 1 : place + 2] == [self._sequence[place]]:
            return  # a restart: who looks from outside cannot tell when it took over
        if place + 1 >= len(self._since):
            raise Wrong("closed early: its release has not been replaced")
        seconds = self._now() - self._since[place + 1]
        if seconds < self._grace * 0.9:
            raise Wrong(f"closed early: {seconds:.1f} s after its release was replaced, not {self._grace:g} s")
        self.outlived.append(seconds)

    @asynccontextmanager
    async def one(self, kind: str) -> AsyncGenerator[None]:
        """Count what is done inside as one more visit of this kind, right or wrong."""
        try:
            yield
        except Wrong as wrong:
            self.wrong.append(f"{kind}: {wrong}")
        else:
            self.answered[kind] += 1
        self._tell()

    @property
    def verdict(self) -> str:
        """What was wrong, the most frequent first."""
        return "\n".join(f"{times} x {wrong}" for wrong, times in Counter(self.wrong).most_common(30))

    @property
    def count(self) -> int:
        """How many visits there were, right or wrong."""
        return self.answered.total() + len(self.wrong)

    async def reach(self, more: int, within: float = 30.0) -> None:
        """Wait until there were this many more visits."""
        goal = self.count + more
        await self.until(lambda: self.count >= goal, within)

    async def until(self, condition: Callable[[], bool], within: float = 30.0) -> None:
        """Wait until something is true of what is counted here."""
        async with asyncio.timeout(within):
            while not condition():
                await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _reached(self, place: int) -> None:
        self.floor = max(self.floor, place)
        while len(self._since) <= self.floor:
            self._since.append(self._now())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
