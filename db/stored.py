"""Rows as they are stored, for lists that are read often: only some columns, and no objects of SQLAlchemy.

A statement is compiled once. What it finds are tuples as the database gives them; a value is made of what is stored
(a moment, say, or a member of an enum) when somebody reads it, and for a whole column at once where somebody wants
that. Reading a hundred rows so costs a tenth of what it costs to have models of them.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import JSON, Column, Select, bindparam, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

Convert = Callable[[Any], Any]

_REMEMBERED = 4096  # values of one column: those who ask, ask for the same rows over and over


class Stored(tuple[Any, ...]):
    """A row. Its attributes are its columns, by their names."""

    __slots__ = ()
    places: ClassVar[Mapping[str, int]]
    conversions: ClassVar[Sequence[Convert | None]]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    @classmethod
    def columns_of(cls, rows: Sequence["Stored"]) -> Callable[[str], Sequence[Any]]:
        """For the name of a column, its values in all of these rows of this class."""
        stored = list(zip(*rows, strict=True))

        @cache
        def column(name: str) -> Sequence[Any]:
            place = cls.places[name]
            values, convert = stored[place], cls.conversions[place]
            return values if convert is None else list(map(convert, values))

        return column


class Statement:
    """A query for some columns, compiled for one database. Its `values` are given by name each time."""

    def __init__(self, query: Select[Any], columns: Sequence[Column[Any]], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self._sql = str(compiled)
        self._names = cast("list[str]", compiled.positiontup)
        processors = cast("Mapping[str, Convert]", compiled._bind_processors)
        given = {name: compiled.binds[name].value for name in self._names}
        self._values = {name: processors.get(name, _same)(value) for name, value in given.items()}
        self._row = partial(tuple.__new__, _row_class(tuple(columns), dialect))

    def rows(self, connection: Any, values: Mapping[str, object]) -> list[Stored]:
        """What it finds on this connection of the driver."""
        all_values = {**self._values, **values}
        found = connection.execute(self._sql, [all_values[name] for name in self._names])
        return list(map(self._row, found.fetchall()))


def columns_of(table: type[SQLModel], names: Iterable[str] | None) -> list[Column[Any]]:
    """The columns of a table with these names, in an order of their own; None: all."""
    every = cast(Any, table).__table__.columns
    return list(every) if names is None else [every[name] for name in sorted(names)]


def selected(columns: Sequence[Column[Any]]) -> Select[Any]:
    return select(*columns)


def given(name: str) -> Any:
    """The values, as `several` of them, that a statement is given by this name: a table with the column `value`."""
    # One parameter, however many they are: the statement stays the same.
    return func.json_each(bindparam(name)).table_valued("value")


def several(values: Collection[str]) -> str:
    return json.dumps(list(values))


@lru_cache(1024)
def _row_class(columns: tuple[Column[Any], ...], dialect: Dialect) -> type[Stored]:
    conversions = tuple(_conversion(column, dialect) for column in columns)
    members: dict[str, Any] = {
        column.key: property(partial(_value, place, conversion))
        for place, (column, conversion) in enumerate(zip(columns, conversions, strict=True))
    }
    members |= {"__slots__": (), "places": {column.key: place for place, column in enumerate(columns)}}
    return type("Stored", (Stored,), members | {"conversions": conversions})


def _value(place: int, convert: Convert | None, row: Stored) -> object:
    return row[place] if convert is None else convert(row[place])


@lru_cache(1024)
def _conversion(column: Column[Any], dialect: Dialect) -> Convert | None:
    convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    # What is made of JSON can be changed by whoever gets it.
    return convert if convert is None or isinstance(kind, JSON) else lru_cache(_REMEMBERED)(convert)


def _same(value: object) -> object:
    return value
