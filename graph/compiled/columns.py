"""Values of one field of many objects, completed together: what each type makes of a column.

A column is a list of what a field came to for each of some objects. A completer makes of it the list of what is
answered, in the same order. It takes what it knows: for anything else it raises, and the operation is executed by
graphql-core, which knows how every case is to be told. So no completer has to say what is wrong, or where.

Whole columns go through functions that are written in C wherever it can be done: `set(map(type, column))` looks at
thousands of values in the time in which a function of Python is called for a few of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import Path
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from graph.compiled.fields import Reads

if TYPE_CHECKING:
    from graph.compiled.executor import CompilingExecutor

Column: TypeAlias = Sequence[Any]
Paths: TypeAlias = Sequence[Path] | None
"""Where in the answer each value is; None where nothing below wants to know."""

_LEAST_INT, _MOST_INT = -(2**31), 2**31 - 1
_NULL = type(None)
_NOTHING = (_NULL, type(Undefined))
_AS_IT_IS: dict[GraphQLScalarType, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
}


class Surprise(Exception):
    """Something that only graphql-core knows how to answer."""


class Later(NamedTuple):
    """What a column waits for, together with all others of its depth, and what is then made of it."""

    awaited: Sequence[Awaitable[Any]]
    made: Callable[[Sequence[Any]], Column]


class Run:
    """One completion of one value, with everything below it."""

    def __init__(self, executor: "CompilingExecutor") -> None:
        self.executor = executor
        self.pending: list[tuple[Later, Callable[[Column], None]]] = []
        self._open: list[Awaitable[Any]] = []

    def later(self, awaited: Sequence[Awaitable[Any]], made: Callable[[Sequence[Any]], Column]) -> Later:
        self._open += awaited
        return Later(awaited, made)

    async def settle(self) -> None:
        """Wait for what is pending, all of one depth at a time, and for what that brings."""
        while self.pending:
            now, self.pending, self._open = self.pending, [], []
            awaited = [each for later, _ in now for each in later.awaited]
            values = [await awaited[0]] if len(awaited) == 1 else await self.executor.async_helpers.gather(awaited)
            start = 0
            for later, fill in now:
                end = start + len(later.awaited)
                fill(later.made(values[start:end]))
                start = end

    def give_up(self) -> None:
        """Have what nobody waits for any more end by itself."""
        self.executor.async_helpers.track(self._open)
        self.pending, self._open = [], []


class Completer(ABC):
    """Completes columns of values of one type."""

    wants_paths = False
    is_pure = False
    """Whether what it makes of a value depends on this value alone."""
    reads: Reads = {}

    @abstractmethod
    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        """What is answered for each value. No value may be None."""


class Nullable(Completer):
    def __init__(self, inner: Completer) -> None:
        self._inner = inner
        self.wants_paths = inner.wants_paths
        self.is_pure = inner.is_pure
        self.reads = inner.reads

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        if _NULL not in set(map(type, column)):
            return self._inner(run, column, paths)
        there = [value for value in column if value is not None]
        if not there:
            return column
        if paths is not None:
            paths = [path for path, value in zip(paths, column, strict=True) if value is not None]
        made = iter(self._inner(run, there, paths))
        return [None if value is None else next(made) for value in column]


class ListOf(Completer):
    def __init__(self, inner: Completer) -> None:
        self._inner = inner
        self.wants_paths = inner.wants_paths
        self.is_pure = inner.is_pure
        self.reads = inner.reads

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        if not set(map(type, column)) <= {list, tuple}:
            raise Surprise
        if paths is not None:
            pairs = zip(paths, column, strict=True)
            paths = [path.add_key(index, None) for path, values in pairs for index in range(len(values))]
        made = self._inner(run, list(chain.from_iterable(column)), paths)
        if len(column) == 1:
            return [made if type(made) is list else list(made)]
        lists, start = [], 0
        for values in column:
            lists.append(list(made[start : start + len(values)]))
            start += len(values)
        return lists


class AsItIs(Completer):
    """What is answered as it is, if it is of the right class."""

    is_pure = True

    def __init__(self, kind: type, coerce: Callable[[Any], object], *, nullable: bool) -> None:
        self._kinds = {kind, _NULL} if nullable else {kind}
        self._otherwise = Nullable(Coerced(coerce)) if nullable else Coerced(coerce)

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        return column if set(map(type, column)) <= self._kinds else self._otherwise(run, column, paths)


class WholeNumbers(Completer):
    is_pure = True

    def __init__(self, coerce: Callable[[Any], object]) -> None:
        self._otherwise = Coerced(coerce)

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        if set(map(type, column)) <= {int} and (
            not column or (min(column) >= _LEAST_INT and max(column) <= _MOST_INT)
        ):
            return column
        return self._otherwise(run, column, paths)


class Members(Completer):
    """The names of the members of an enum."""

    is_pure = True

    def __init__(self, enum: CustomGraphQLEnumType) -> None:
        self._kinds = {enum.wrapped_cls}
        # By their own names: the hash of a member, unlike that of a string, is a function written in Python.
        members = list[Enum](enum.wrapped_cls)
        named = {member.name: enum.coerce_output_value(member) for member in members}
        self._name = named.__getitem__
        self._otherwise = Coerced(enum.coerce_output_value)

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        if set(map(type, column)) <= self._kinds:
            return list(map(self._name, map(_MEMBER_NAME, column)))
        return self._otherwise(run, column, paths)


_MEMBER_NAME = attrgetter("_name_")


class Coerced(Completer):
    """What a function makes of each value."""

    is_pure = True

    def __init__(self, coerce: Callable[[Any], object]) -> None:
        self._coerce = coerce
        self._known: set[type] = set()

    def __call__(self, run: Run, column: Column, paths: Paths) -> Column:
        self._known |= answerable(set(map(type, column)) - self._known)
        made = list(map(self._coerce, column))
        if not set(map(type, made)).isdisjoint(_NOTHING):
            raise Surprise
        return made


@lru_cache(1024)
def leaf(kind: GraphQLLeafType, *, nullable: bool) -> Completer:
    """The completer of a scalar or an enum."""
    if isinstance(kind, GraphQLScalarType) and kind in _AS_IT_IS:
        return AsItIs(_AS_IT_IS[kind], kind.coerce_output_value, nullable=nullable)
    made: Completer
    if kind is GraphQLInt:
        made = WholeNumbers(kind.coerce_output_value)
    elif isinstance(kind, CustomGraphQLEnumType) and issubclass(kind.wrapped_cls, Enum):
        made = Members(kind)
    else:
        made = Coerced(kind.coerce_output_value)
    return Nullable(made) if nullable else made


def answerable(kinds: set[type]) -> set[type]:
    """These classes. Raises where objects of one are nothing to be completed: null, errors, what is to be awaited."""
    for kind in kinds:
        if issubclass(kind, (Exception, GeneratorType, *_NOTHING)) or hasattr(kind, "__await__"):
            raise Surprise
    return kinds
