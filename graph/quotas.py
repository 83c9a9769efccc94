"""How much one viewer may have at once, over all that it has open."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from graph.permissions import Viewer

TOO_MANY = "TOO_MANY"  # the code of the refusal

MAX_SOCKETS = 1_500
MAX_OPERATIONS = 3_000  # subscriptions, and whatever else runs on sockets
MAX_REQUESTS = 500  # over HTTP
MAX_BODIES = 32 * 1024 * 1024  # bytes of those requests


class TooMany(Exception):
    """The viewer has as many as it may. `str(error)` is a sentence that says of what."""


class Quota:
    """At most so many of something for each viewer."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._taken: Counter[str] = Counter()

    def take(self, viewer: Viewer, count: int = 1) -> None:
        """Count so many more, until they are given back. Raises `TooMany`."""
        if self._taken[_key(viewer)] + count > self._most:
            raise TooMany(f"You may have {self._most} {self._what} at once, and have no room for more.")
        self._taken[_key(viewer)] += count

    def give_back(self, viewer: Viewer, count: int = 1) -> None:
        self._taken[_key(viewer)] -= count
        if self._taken[_key(viewer)] <= 0:
            del self._taken[_key(viewer)]

    @contextmanager
    def one(self, viewer: Viewer) -> Iterator[None]:
        """One more meanwhile. Raises `TooMany`."""
        with self.some(viewer) as more:
            more(1)
            yield

    @contextmanager
    def some(self, viewer: Viewer) -> Iterator[Callable[[int], None]]:
        """As many more meanwhile as the function is called with, each time. It raises `TooMany`."""
        taken = 0

        def more(count: int) -> None:
            nonlocal taken
            self.take(viewer, count)
            taken += count

        try:
            yield more
        finally:
            self.give_back(viewer, taken)


class Quotas:
    def __init__(
        self,
        sockets: int = MAX_SOCKETS,
        operations: int = MAX_OPERATIONS,
        requests: int = MAX_REQUESTS,
        bodies: int = MAX_BODIES,
    ) -> None:
        self.sockets = Quota(sockets, "sockets")
        self.operations = Quota(operations, "operations on sockets")
        self.requests = Quota(requests, "requests under way")
        self.bodies = Quota(bodies, "bytes of requests under way")


def _key(viewer: Viewer) -> str:
    """What a viewer is counted by."""
    return viewer.key
