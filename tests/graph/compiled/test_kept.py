"""Answers of rows that are kept: made once as long as a row stays what it is, and no more than there is room for."""

from collections.abc import Sequence
from typing import Any

from graph.compiled.kept import Kept


class Row(tuple[Any, ...]):
    __slots__ = ()


class Other(tuple[Any, ...]):
    __slots__ = ()


class Made:
    """What is asked to make answers, and notes of which rows."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def __call__(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        self.rows += map(tuple, rows)
        return [{"values": list(row)} for row in rows]


def test_the_answer_of_a_row_is_made_once() -> None:
    kept, made = Kept(), Made()
    rows = [Row(("a", 1)), Row(("b", 2))]
    assert kept.of(rows, made) == kept.of([Row(row) for row in rows], made) == made(rows)
    assert made.rows[:2] == rows
    assert len(made.rows) == 4


def test_of_rows_of_which_some_have_changed_only_these_are_made() -> None:
    kept, made = Kept(), Made()
    kept.of([Row(("a", 1)), Row(("b", 2))], made)
    answers = kept.of([Row(("b", 3)), Row(("a", 1)), Row(("b", 3))], made)
    assert [answer["values"] for answer in answers] == [["b", 3], ["a", 1], ["b", 3]]
    assert made.rows[2:] == [("b", 3)]


def test_equal_rows_of_another_class_are_made_anew() -> None:
    kept, made = Kept(), Made()
    kept.of([Row(("a", 1))], made)
    kept.of([Other(("a", 1))], made)
    assert made.rows == [("a", 1), ("a", 1)]


def test_who_kept_something_longest_ago_forgets_when_there_is_no_room() -> None:
    first, made = Kept(), Made()
    small, large = [Row(("a", 1))], [Row(("x" * 1_000_000,))]
    first.of(small, made)
    others = [Kept() for _ in range(20)]
    for each in others:
        each.of(large, made)
    made.rows.clear()
    others[-1].of(large, made)
    assert made.rows == []
    first.of(small, made)
    assert made.rows == [("a", 1)]


def test_of_too_many_rows_none_is_kept() -> None:
    kept, made = Kept(), Made()
    rows = [Row((number,)) for number in range(3_000)]
    assert len(kept.of(rows, made)) == len(kept.of(rows, made)) == 3_000
    assert len(made.rows) == 6_000
