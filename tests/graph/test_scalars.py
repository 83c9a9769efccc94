from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError

from engine import names
from graph.scalars import SCALARS

MOMENT = SCALARS[datetime]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_moments_are_read_into_utc(text: str, moment: datetime) -> None:
    assert MOMENT.parse_value
    assert MOMENT.parse_value(text) == moment


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-01-31T12:00:00", "'2026-01-31T12:00:00' has no time zone. Add one, as in 2026-01-31T12:00:00Z."),
        ("2026-01-31", "'2026-01-31' has no time zone. Add one, as in 2026-01-31T12:00:00Z."),
        ("yesterday", "That is not a point in time. Write it like 2026-01-31T12:00:00Z."),
        ("0001-01-01T00:00:00+14:00", "That is not a point in time. Write it like 2026-01-31T12:00:00Z."),
        (1_769_860_800, "A string is needed."),
    ],
)
def test_what_is_not_a_moment_is_refused(value: object, sentence: str) -> None:
    assert MOMENT.parse_value
    with pytest.raises(GraphQLError) as refusal:
        MOMENT.parse_value(value)
    assert refusal.value.message == sentence
    assert refusal.value.extensions == {"code": "INVALID_INPUT"}


def test_moments_are_told_in_utc_and_never_naive() -> None:
    assert MOMENT.serialize
    there = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))
    assert MOMENT.serialize(there) == "2026-01-31T10:00:00Z"
    with pytest.raises(ValueError, match="naive"):
        MOMENT.serialize(there.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        (names.Port, True),
        (names.Port, 80.5),
        (names.Port, "80"),
        (names.ByteCount, 1.5),
        (names.ByteCount, None),
        (timedelta, 10),
        (names.Hostname, ["a"]),
        (names.EnvName, {}),
    ],
)
def test_the_kind_of_a_value_counts(scalar: object, value: object) -> None:
    parse = SCALARS[scalar].parse_value
    assert parse
    with pytest.raises(GraphQLError, match="is needed"):
        parse(value)


def test_every_scalar_is_explained() -> None:
    assert all(scalar.description for scalar in SCALARS.values())
