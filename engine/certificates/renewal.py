"""When a certificate is renewed, and when that is late. Pure."""

from datetime import datetime, timedelta

from db.models import Certificate

_DAY = timedelta(days=1)
# Traefik's own table: certificates that are valid for so many hours, or more, are renewed so long before their end,
# and it looks so often whether they are to be.
_WINDOWS = (
    (365 * 24, 120 * _DAY, 7 * _DAY),
    (90 * 24, 30 * _DAY, _DAY),
    (30 * 24, 10 * _DAY, timedelta(hours=12)),
    (6 * 24, 2 * _DAY, timedelta(hours=2)),
    (24, timedelta(hours=6), timedelta(minutes=10)),
    (0, timedelta(minutes=20), timedelta(minutes=1)),
)
_LATE = 21 * _DAY
_LOOKS = 4  # for each of Traefik's


def renewal_starts(row: Certificate, hours: int) -> datetime | None:
    """From when on the next one is asked for, of a certificate from a resolver whose own are valid for `hours`."""
    return row.not_after - _window(hours)[0] if row.not_after else None


def is_late(row: Certificate, hours: int, at: datetime) -> bool:
    """Whether the next one ought to have been there."""
    return row.not_after is not None and at >= _late_from(row.not_after, hours)


def next_look(row: Certificate, hours: int, at: datetime) -> datetime:
    """When to see again whether the next one is there: some times while Traefik tries once, and at each turn."""
    pause = min(max(_window(hours)[1] / _LOOKS, timedelta(seconds=2)), timedelta(hours=6))
    turns = [_late_from(row.not_after, hours), row.not_after] if row.not_after else []
    return min([at + pause, *(turn for turn in turns if turn > at)])


def _late_from(not_after: datetime, hours: int) -> datetime:
    return not_after - min(_LATE, _window(hours)[0] * 0.7)


def _window(hours: int) -> tuple[timedelta, timedelta]:
    return next((window, interval) for least, window, interval in _WINDOWS if hours >= least)
