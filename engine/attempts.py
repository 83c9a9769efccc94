"""Wrong passwords and wrong tokens: whoever goes on with them waits longer and longer."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from engine.errors import NotNow

_MOST = 10_000  # entries of each kind: some 3 MB
_LONGEST_NAME = 320  # characters: those of an e-mail address; a longer one is told by its beginning


class TooManyAttempts(NotNow):
    """`wait`: in so many seconds, a whole number, the next try is let through."""

    def __init__(self, wait: int) -> None:
        then = "a second" if wait == 1 else f"{wait} seconds"
        super().__init__(f"There were too many wrong attempts. Try again in {then}.")
        self.wait = wait


class Patience(NamedTuple):
    """How many wrong tries are free; then each doubles the wait, from one second to the longest."""

    free: int
    longest: float  # seconds
    forgets: float = 3600.0  # so many seconds after the last wrong try all is forgotten


# The owner of an account must not be kept out for long by those who try to get in.
OF_ACCOUNT = Patience(free=5, longest=60)
OF_PEER = Patience(free=20, longest=900)


class _Tries(NamedTuple):
    number: int
    last: float


class _Record:
    """Tries by what they are counted by. When it is full, who tried longest ago is forgotten."""

    def __init__(self, patience: Patience, clock: Callable[[], float], most: int) -> None:
        self._patience = patience
        self._clock = clock
        self._most = most
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries)

    def wait(self, key: str) -> float:
        tries = self._recent(key)
        if tries.number < self._patience.free:
            return 0.0
        # The exponent is bounded, lest a patient enemy make a number that no float holds.
        pause = min(2.0 ** min(tries.number - self._patience.free, 30), self._patience.longest)
        return max(0.0, tries.last + pause - self._clock())

    def add(self, key: str) -> None:
        self._tries[key] = _Tries(self._recent(key).number + 1, self._clock())
        self._tries.move_to_end(key)
        while len(self._tries) > self._most:
            self._tries.popitem(last=False)

    def take_back(self, key: str) -> None:
        tries = self._tries.pop(key, None)
        if tries and tries.number > 1:
            self._tries[key] = _Tries(tries.number - 1, tries.last)

    def forget(self, key: str) -> None:
        self._tries.pop(key, None)

    def _recent(self, key: str) -> _Tries:
        tries = self._tries.get(key)
        old = tries is None or self._clock() - tries.last >= self._patience.forgets
        return _Tries(0, 0.0) if old or tries is None else tries


class Attempts:
    """Counts tries per account and per peer address, in memory that is bounded.

    Call `begin` before anything is checked, and `right` when it was right: what is under way counts as wrong, so
    that a thousand tries at once are not all let through. Without an account, as for tokens, only the peer counts.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._accounts = _Record(OF_ACCOUNT, clock, most)
        self._peers = _Record(OF_PEER, clock, most)

    def __len__(self) -> int:
        return len(self._accounts) + len(self._peers)

    def begin(self, peer: str, account: str | None = None) -> None:
        """Count a try. Raises `TooManyAttempts`, and counts nothing, when it comes too soon."""
        wait = self._peers.wait(neighbours(peer))
        if account is not None:
            wait = max(wait, self._accounts.wait(_key(account)))
        if wait > 0:
            raise TooManyAttempts(math.ceil(wait))
        self._peers.add(neighbours(peer))
        if account is not None:
            self._accounts.add(_key(account))

    def right(self, peer: str, account: str | None = None) -> None:
        """The try was right: the account begins anew; of its peer only this one try is taken back."""
        self._peers.take_back(neighbours(peer))
        if account is not None:
            self._accounts.forget(_key(account))


def neighbours(peer: str) -> str:
    """The address that is counted by: IPv6 gives everybody a whole network, so there it is the /64."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer[:_LONGEST_NAME]
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


def _key(account: str) -> str:
    return account.casefold()[:_LONGEST_NAME]
