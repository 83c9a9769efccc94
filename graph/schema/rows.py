"""From a row to a type. The fields that a type names are the only ones that ever leave the database."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache, lru_cache, partial
from typing import Any, ClassVar, Self, TypeVar, cast

import strawberry

from graph.compiled import MADE, Made
from graph.ids import Node, global_id

T = TypeVar("T")

_REMEMBERED = 4096  # ids of one kind: who looks again sees mostly what was there before


class View:
    """A type whose fields are read from a row when they are asked for, and are called as its columns are.

    A field is `made` where it is more than a column. The row is a model, or has only the columns that are asked for.
    """

    row_attribute: ClassVar[str] = "_row"
    _row: Any

    @classmethod
    def of(cls, row: Any) -> Self:
        view = object.__new__(cls)
        view._row = row
        return view

    @property
    def key(self) -> str:
        return cast(str, self._row.id)

    def __getattr__(self, name: str) -> Any:
        # Of a class that was unpickled or copied, there may be no row yet.
        if name.startswith("_"):
            raise AttributeError(name)
        how = _made(cast(Any, type(self))).get(name)
        if how is None or how.function is None:
            return getattr(self._row, name)
        return how.function(*(getattr(self._row, each) for each in how.attributes))


def made(description: str, function: Callable[..., Any], *columns: str) -> Any:
    """A field that this function makes of these columns."""
    return strawberry.field(description=description, metadata={MADE: Made(columns, function)})


def node_id(kind: str) -> Any:
    """The global id of a `kind`, the name of a GraphQL type."""
    return made(_ID, ids_of(kind), "id")


def ids_of(kind: str) -> Callable[[str], strawberry.ID]:
    """What makes the global id of the key of a `kind`."""
    return lru_cache(_REMEMBERED)(partial(global_id, kind))


def reads(*columns: str) -> dict[str, Made]:
    """The metadata of a field with a resolver that reads no more than these columns."""
    return {MADE: Made(columns)}


def of_row(kind: type[T], row: object, **made: object) -> T:
    """A `kind` that has what is `made` for it, and for every other field the value of that name in `row`."""
    copied = {name: getattr(row, name) for name in _names(cast(Any, kind)) if name not in made}
    return cast(Callable[..., T], kind)(**copied, **made)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)


@cache
def _made(kind: Any) -> dict[str, Made]:
    return {field.name: field.metadata[MADE] for field in fields(kind) if MADE in field.metadata}


_ID: str = next(field.description for field in fields(cast(Any, Node)) if field.name == "id")  # type: ignore[attr-defined]
