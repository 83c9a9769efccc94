"""Where secrets lie: the columns of the models that are marked as such."""

from functools import cache
from typing import NamedTuple

from sqlmodel import SQLModel
from sqlmodel.main import default_registry

from db import models  # noqa: F401  (registers every table)


class SealedColumn(NamedTuple):
    """A column that holds ciphertexts, and what their places are made of."""

    model: type[SQLModel]
    name: str
    place: str


@cache
def sealed_columns() -> tuple[SealedColumn, ...]:
    """Every column that was made by `sealed_column`, in the order of tables and columns by name."""
    found = (
        SealedColumn(mapper.class_, column.name, column.info["secret"])
        for mapper in default_registry.mappers
        for column in mapper.columns
        if column.info.get("secret")
    )
    return tuple(sorted(found, key=lambda each: (each.model.__name__, each.name)))


@cache
def _places() -> dict[tuple[type[SQLModel], str], str]:
    return {(model, name): place for model, name, place in sealed_columns()}


def place_of(model: type[SQLModel], name: str, id: str) -> str:
    """Where the secret in this column of the row with this id belongs."""
    return _places()[model, name].format(id=id)
