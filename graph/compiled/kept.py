"""Answers of rows, kept: who looks again mostly finds rows as they were, which are answered as they were too."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeAlias

_MOST_BYTES = 16 * 1024 * 1024  # of all that is kept
_MOST_ROWS = 2_000  # of one selection
_BYTES_OF_VALUE = 100  # as measured, beside the text in it: in the row, in its answer, and in what finds it

Answer: TypeAlias = dict[str, Any]


class Kept:
    """The answers of the rows of one selection, which are made of nothing but the values of these rows."""

    def __init__(self) -> None:
        self._class: type | None = None
        self._answers: dict[Hashable, Answer] = {}

    def of(self, rows: Sequence[Any], made: Callable[[Sequence[Any]], Sequence[Answer]]) -> list[Answer]:
        """The answers of these rows of one class, which are `made` of those that were not met lately.

        Nobody may change an answer.
        """
        if self._class is not type(rows[0]):  # rows of two classes may be equal, and differ in what their values are
            self.forget()
            self._class = type(rows[0])
        try:
            return list(map(self._answers.__getitem__, rows))
        except KeyError:
            return self._found(rows, made)

    def _found(self, rows: Sequence[Any], made: Callable[[Sequence[Any]], Sequence[Answer]]) -> list[Answer]:
        missing = [row for row in dict.fromkeys(rows) if row not in self._answers]
        found = self._answers | dict(zip(missing, made(missing), strict=True))
        if len(found) > _MOST_ROWS:
            self.forget()
        else:
            self._answers = found
            _room.grown(self, sum(map(_size, missing)))
        return list(map(found.__getitem__, rows))

    def forget(self) -> None:
        """Let go of all."""
        self._answers = {}
        _room.left(self)


class _Room:
    """What all have together. Who was given something longest ago has to forget first."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[Kept, int] = OrderedDict()
        self._bytes = 0

    def grown(self, kept: Kept, size: int) -> None:
        self._sizes[kept] = self._sizes.pop(kept, 0) + size
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            next(iter(self._sizes)).forget()

    def left(self, kept: Kept) -> None:
        self._bytes -= self._sizes.pop(kept, 0)


_room = _Room()


def _size(row: Sequence[object]) -> int:
    return sum(_BYTES_OF_VALUE + (2 * len(each) if isinstance(each, str | bytes) else 0) for each in row)
