"""A schema with a field of every kind, whose values say what they will be, right and wrong."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, ClassVar, NewType

import strawberry
from graphql import ExecutionResult, GraphQLError
from strawberry.schema.config import StrawberryConfig

from graph.compiled import MADE, Asked, Batched, CompilingExecutor, Made, Reads

Even = NewType("Even", int)
EVEN = strawberry.scalar(name="Even", serialize=lambda value: _even(value), parse_value=int)


def _even(value: Any) -> int | None:
    if value % 2:
        raise GraphQLError(f"{value} is odd", extensions={"code": "ODD"})
    return None if value == 0 else int(value)


@strawberry.enum
class Colour(Enum):
    RED = "r"
    GREEN = strawberry.enum_value("g", name="LEAF")


@dataclass
class Seen:
    """What was done for one operation."""

    batches: list[list[Any]] = field(default_factory=list)
    reads: list[Reads] = field(default_factory=list)
    asked: dict[Asked, Reads] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    void: list[ExecutionResult] = field(default_factory=list)


class Executor(CompilingExecutor):
    """Notes in the context what it does."""

    def planned(self, reads: Any) -> None:
        self.context_value.asked.update(reads)

    def void(self, answer: ExecutionResult) -> None:
        self.context_value.void.append(answer)


class Found(Batched):
    """The friend of everybody, whose name is theirs backwards; by a way of the test's own."""

    later = False

    def __copy__(self) -> Any:
        copied: Any = super().__copy__()
        copied.later, copied.attributes = self.later, self.attributes
        return copied

    @property
    def is_async(self) -> bool:
        return True

    async def get_result(self, source: Any, info: Any, args: Any, kwargs: Any) -> Any:
        return _friend(source.name)

    def found(self, context: Seen, columns: Sequence[Sequence[Any]], reads: Reads) -> Any:
        (names,) = columns
        context.batches.append(list(names))
        context.reads.append(reads)
        friends = {name: _friend(name) for name in names}
        found = [friends[name] for name in names]
        return asyncio.sleep(0, found) if self.later else found


def found(*, later: bool = False) -> Any:
    made = Found()
    made.later, made.attributes = later, ("name",)
    return made


def _friend(name: str) -> Any:
    if name == "enemy":
        raise GraphQLError("no friends", extensions={"code": "ALONE"})
    return None if name == "hermit" else Thing(name=name[::-1])


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Thing(Named):
    count: int = 1
    ratio: float = 0.5
    id: strawberry.ID = strawberry.ID("7")
    flag: bool = True
    colour: Colour = Colour.RED
    even: Even = Even(2)
    maybe: str | None = None
    maybe_even: Even | None = None
    words: list[str] = field(default_factory=lambda: ["a", "b"])
    grid: list[list[int | None] | None] = field(default_factory=lambda: [[1, None], None, []])
    inner: "Thing | None" = None
    sure: "Thing" = strawberry.field(default=None)  # a mistake that is to be told
    named: Named | None = None
    either: Annotated["Thing | Other", strawberry.union("Either")] | None = None
    friend: "Thing | None" = found()
    sure_friend: "Thing" = found()
    late_friend: "Thing | None" = found(later=True)

    @strawberry.field
    def shout(self, times: int = 1) -> str:
        if times < 0:
            raise ValueError("less than nothing")
        return self.name.upper() * times

    @strawberry.field
    async def echo(self) -> str:
        await asyncio.sleep(0)
        if self.name == "mute":
            raise GraphQLError("silence")
        return self.name

    @strawberry.field
    async def children(self, first: int = 2) -> "list[Thing]":
        return [Thing(name=f"{self.name}.{n}") for n in range(first)]


@strawberry.type
class Other(Named):
    size: int = 3


@strawberry.type
class Row:
    """A view of a dictionary."""

    row_attribute: ClassVar[str] = "row"
    row: strawberry.Private[Any]
    low: int
    double: int = strawberry.field(metadata={MADE: Made(("low",), lambda low: 2 * low)})

    def __init__(self, row: Any) -> None:
        self.row = row

    def __getattr__(self, name: str) -> Any:
        return 2 * self.row.low if name == "double" else getattr(self.row, name)

    @strawberry.field
    def anything(self) -> int:
        return int(self.row.low) + 1

    @strawberry.field(metadata={MADE: Made(("high",))})
    def something(self) -> int:
        return int(self.row.high)


@dataclass(frozen=True)
class Numbers:
    low: int
    high: int


@strawberry.type
class Page:
    rows: list[Row]


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, names: list[str]) -> list[Thing]:
        return [_thing(name) for name in names]

    @strawberry.field
    def maybe_things(self, names: list[str]) -> list[Thing | None] | None:
        return [None if name == "nobody" else _thing(name) for name in names]

    @strawberry.field
    def thing(self, info: strawberry.Info[Seen, None], name: str = "one") -> Thing | None:
        info.context.done.append(name)
        return None if name == "nobody" else _thing(name)

    @strawberry.field
    async def named(self, names: list[str]) -> list[Named]:
        return [Other(name=name) if name.startswith("o") else _thing(name) for name in names]

    @strawberry.field
    def either(self, names: list[str]) -> list[Annotated[Thing | Other, strawberry.union("Either")]]:
        return [Other(name=name) if name.startswith("o") else _thing(name) for name in names]

    @strawberry.field
    def page(self) -> Page:
        return Page(rows=[Row(Numbers(n, 10 * n)) for n in range(3)])

    @strawberry.field
    def numbers(self) -> list[int]:
        return (n for n in range(3))  # type: ignore[return-value]  # nothing that can be read twice

    @strawberry.field
    async def broken(self) -> str:
        raise GraphQLError("broken")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def do(self, info: strawberry.Info[Seen, None], name: str) -> Thing | None:
        info.context.done.append(name)
        if name == "fail":
            raise GraphQLError("failed")
        return _thing(name)

    @strawberry.mutation
    async def must(self, info: strawberry.Info[Seen, None], name: str) -> Thing:
        info.context.done.append(name)
        return _thing(name)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def told(self, names: list[str]) -> AsyncIterator[Thing]:
        for name in names:
            yield _thing(name)


_SPECIAL: dict[str, dict[str, Any]] = {
    "odd": {"even": Even(3)},
    "maybe odd": {"maybe_even": Even(3)},
    "zero": {"even": Even(0)},
    "large": {"count": 2**31},
    "text": {"count": "12", "maybe": 5, "colour": "r"},
    "wrong": {"count": "many", "maybe": "none", "colour": "b"},
    "raised": {"maybe": ValueError("not a value")},
    "deep": {"inner": Thing(name="inside", inner=Thing(name="mute"))},
    "unsure": {"inner": Thing(name="inside")},
    "sure": {"sure": Thing(name="certain")},
    "tuple": {"words": ("c", "d")},
    "set": {"words": {"c"}},
    "hole": {"words": ["c", None]},
    "nothing": {"words": None},
    "one of": {"named": Other(name="x"), "either": Thing(name="y")},
    "foreign": {"named": object(), "either": 5},
    "stranger": {"inner": Other(name="x")},
    "green": {"colour": Colour.GREEN},
}


def _thing(name: str) -> Thing:
    if name == "later":
        return Thing(name=name, maybe=asyncio.sleep(0, "awaited"))  # type: ignore[arg-type]
    return Thing(name=name, **_SPECIAL.get(name, {}))


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[Other],
    execution_context_class=Executor,
    config=StrawberryConfig(scalar_map={Even: EVEN}),
)
