"""What is due before certificates end: each warning once, in time, also when time was missed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.certificates.expiry import WARNINGS, Due, Ending, due

START = datetime(2026, 1, 1, tzinfo=UTC)


def ending(days: float, warned: int | None = None, *, key: str = "a") -> Ending:
    return Ending(key, START, START + timedelta(days=days), warned)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def test_nothing_is_due_long_before_the_end() -> None:
    assert due([], at(0)) == Due({}, None)
    assert due([ending(90)], at(10)) == Due({}, at(69))


def test_each_warning_comes_once_at_its_time() -> None:
    assert due([ending(90)], at(69)) == Due({"a": 21}, at(83))
    assert due([ending(90, 21)], at(82)) == Due({}, at(83))
    assert due([ending(90, 21)], at(83)) == Due({"a": 7}, at(89))
    assert due([ending(90, 7)], at(89)) == Due({"a": 1}, at(90))
    assert due([ending(90, 1)], at(90)) == Due({"a": 0}, None)
    assert due([ending(90, 0)], at(99)) == Due({}, None)


def test_of_several_that_were_missed_the_last_is_due() -> None:
    assert due([ending(90)], at(89.5)) == Due({"a": 1}, at(90))
    assert due([ending(90)], at(91)) == Due({"a": 0}, None)


def test_one_that_was_made_for_a_short_time_is_warned_of_when_it_means_something() -> None:
    assert due([ending(6)], at(0)) == Due({}, at(5))
    assert due([ending(0.1)], at(0)) == Due({}, at(0.1))


def test_after_a_renewal_all_warnings_come_again() -> None:
    assert due([ending(180, 1)], at(90)) == Due({}, at(159))
    assert due([ending(180, 1)], at(159)) == Due({"a": 21}, at(173))
    assert due([ending(180, 0)], at(159)) == Due({"a": 21}, at(173))


@given(st.lists(st.floats(0.5, 120), min_size=1, max_size=5), st.lists(st.floats(0, 130), max_size=20))
def test_whenever_it_is_looked_each_warning_is_given_at_most_once_and_the_end_for_certain(
    lifetimes: list[float], looks: list[float]
) -> None:
    warned: dict[str, int | None] = {str(number): None for number in range(len(lifetimes))}
    given_so_far: list[tuple[str, int]] = []
    for day in [*sorted(looks), 140.0]:
        rows = [ending(days, warned[str(n)], key=str(n)) for n, days in enumerate(lifetimes)]
        found = due(rows, at(day))
        given_so_far += found.warnings.items()
        warned |= found.warnings
    assert len(given_so_far) == len(set(given_so_far))
    assert {key for key, days in given_so_far if days == 0} == set(warned)
    assert {days for _, days in given_so_far} <= {*WARNINGS, 0}
