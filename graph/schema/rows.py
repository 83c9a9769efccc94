"""From a row to a type. The fields that a type names are the only ones that ever leave the database."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


def of_row(kind: type[T], row: object, **made: object) -> T:
    """A `kind` that has what is `made` for it, and for every other field the value of that name in `row`."""
    copied = {name: getattr(row, name) for name in _names(cast(Any, kind)) if name not in made}
    return cast(Callable[..., T], kind)(**copied, **made)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)
