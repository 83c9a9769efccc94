"""Whoever is wrong again and again waits longer and longer."""

import pytest

from engine.attempts import Attempts, TooManyAttempts, neighbours
from engine.errors import ErrorCode


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def wait(attempts: Attempts, peer: str, account: str | None = None) -> int:
    """How long the next try would have to wait; it is counted when that is not at all."""
    try:
        attempts.begin(peer, account)
    except TooManyAttempts as refused:
        return refused.wait
    return 0


def address(number: int) -> str:
    return f"203.0.{number // 256}.{number % 256}"


def test_an_account_waits_longer_after_each_wrong_try_but_never_longer_than_a_minute(
    attempts: Attempts, clock: Clock
) -> None:
    assert [wait(attempts, address(number), "me@example.com") for number in range(5)] == [0] * 5
    waits = []
    for number in range(5, 14):
        waits.append(wait(attempts, address(number), "ME@example.com"))
        clock.now += waits[-1]
        assert wait(attempts, address(number), "me@example.com") == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_was_refused_counts_no_further(attempts: Attempts, clock: Clock) -> None:
    for number in range(5):
        attempts.begin(address(number), "me")
    assert [wait(attempts, address(9), "me") for _ in range(50)] == [1] * 50
    clock.now += 1
    assert wait(attempts, address(9), "me") == 0


def test_the_refusal_says_how_long_to_wait(attempts: Attempts) -> None:
    for _ in range(5):
        attempts.begin("192.0.2.1", "me")
    with pytest.raises(
        TooManyAttempts, match=r"^There were too many wrong attempts\. Try again in a second\.$"
    ) as no:
        attempts.begin("192.0.2.1", "me")
    assert no.value.code is ErrorCode.NOT_NOW


def test_a_right_try_resets_its_account_and_of_its_peer_only_itself(attempts: Attempts) -> None:
    for number in range(19):
        attempts.begin("192.0.2.1", f"guess-{number}")
    for _ in range(3):
        attempts.begin(address(1), "me")
    attempts.begin("192.0.2.1", "me")
    attempts.right("192.0.2.1", "me")
    assert [wait(attempts, address(2), "me") for _ in range(5)] == [0] * 5
    assert wait(attempts, "192.0.2.1", "somebody") == 0
    assert wait(attempts, "192.0.2.1", "somebody") == 1


def test_right_tries_never_slow_an_office_behind_one_address(attempts: Attempts) -> None:
    for number in range(500):
        attempts.begin("192.0.2.1", f"user-{number}")
        attempts.right("192.0.2.1", f"user-{number}")
    assert len(attempts) == 0


def test_a_thousand_tries_at_once_are_not_all_let_through(attempts: Attempts) -> None:
    assert [wait(attempts, address(number), "me") for number in range(1000)].count(0) == 5


def test_a_peer_that_sends_a_thousand_wrong_tokens_is_slowed(attempts: Attempts, clock: Clock) -> None:
    began = clock.now
    for _ in range(1000):
        clock.now += wait(attempts, "192.0.2.1")
        wait(attempts, "192.0.2.1")
    assert clock.now - began > 7 * 24 * 3600
    assert wait(attempts, "192.0.2.2") == 0


def test_an_hour_later_all_is_forgotten(attempts: Attempts, clock: Clock) -> None:
    for _ in range(5):
        attempts.begin("192.0.2.1", "me")
    clock.now += 3600
    assert [wait(attempts, "192.0.2.1", "me") for _ in range(5)] == [0] * 5


def test_memory_is_bounded_and_who_tries_now_is_remembered(clock: Clock) -> None:
    attempts = Attempts(clock, most=100)
    for number in range(5):
        attempts.begin(address(number), "me")
    for number in range(10_000):
        attempts.begin(address(number), f"{number}" + "x" * 100_000)
        wait(attempts, address(60_000), "me")
        clock.now += 0.001
    assert len(attempts) == 200
    assert sum(map(len, [*attempts._accounts._tries, *attempts._peers._tries])) < 100 * (320 + 20)


@pytest.mark.parametrize(
    ("peer", "counted_by"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::7", "2001:db8:1:2::"),
        ("::1", "::"),
        ("unknown", "unknown"),
        ("x" * 1000, "x" * 320),
    ],
)
def test_ipv6_is_counted_by_network(peer: str, counted_by: str) -> None:
    assert neighbours(peer) == counted_by
