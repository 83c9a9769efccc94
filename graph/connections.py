"""Lists that grow, paged by key: connections as Relay wants them."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from engine.errors import InvalidInput
from graph.scalars import Cursor

MAX_PAGE = 100

Row = TypeVar("Row")
T = TypeVar("T")


@strawberry.type(description="Where a page begins and ends, and whether there is more.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether something follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether this page began after a cursor.")
    start_cursor: Cursor | None = strawberry.field(description="The cursor of the first entry.")
    end_cursor: Cursor | None = strawberry.field(description="The cursor of the last; the next page begins after it.")


@strawberry.type(description="One entry of a page.")
class Edge(Generic[T]):
    cursor: Cursor = strawberry.field(description="The place of this entry in the whole list.")
    node: T = strawberry.field(description="The entry itself.")


def _edges(root: "Connection[T]") -> list[Edge[T]]:
    return [Edge(cursor=root.cursor(place), node=node) for place, node in enumerate(root.nodes)]


def _page_info(root: "Connection[T]") -> PageInfo:
    return PageInfo(
        has_next_page=root.has_next_page,
        has_previous_page=root.has_previous_page,
        start_cursor=root.cursor(0) if root.nodes else None,
        end_cursor=root.cursor(len(root.nodes) - 1) if root.nodes else None,
    )


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    cursor: strawberry.Private[Callable[[int], Cursor]]
    has_next_page: strawberry.Private[bool]
    has_previous_page: strawberry.Private[bool]
    edges: list[Edge[T]] = strawberry.field(resolver=_edges, description="The entries of this page.")
    nodes: list[T] = strawberry.field(description="The entries of this page, without their cursors.")
    page_info: PageInfo = strawberry.field(resolver=_page_info, description="Where the page begins and ends.")


def page_size(first: int) -> int:
    """How many entries a client may have at once. Fetch one row more, for `page` to know what follows."""
    if not 1 <= first <= MAX_PAGE:
        raise InvalidInput(f"A page has from 1 to {MAX_PAGE} entries.", field=("first",))
    return first


def page(
    rows: Sequence[Row],
    first: int,
    *,
    after: Cursor | None,
    node: Callable[[Row], T],
    cursor: Callable[[Row], Cursor],
) -> Connection[T]:
    """The connection of the first rows of up to `first + 1`, which begin after the cursor given."""
    shown = rows[:first]
    return Connection(
        cursor=lambda place: cursor(shown[place]),
        has_next_page=len(rows) > first,
        has_previous_page=after is not None,
        nodes=list(map(node, shown)),
    )
