"""Pages of what an application has ever more of, newest first, by its number."""

import re
from collections.abc import Callable
from typing import TypeVar

import strawberry

from db.models import Deployment, Release
from engine.errors import InvalidInput
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.ids import page_cursor, page_key
from graph.loading import Fetch, PageKey
from graph.scalars import Cursor

T = TypeVar("T")
Numbered = TypeVar("Numbered", Deployment, Release)

FIRST = strawberry.argument(description="How many entries to give at most, from 1 to 100.")
AFTER = strawberry.argument(description="Begin after the entry with this cursor; null: at the first one.")


async def newest(
    info: Info,
    fetch: Fetch[PageKey, list[Numbered]],
    application_id: str,
    first: int,
    after: Cursor | None,
    node: Callable[[Numbered], T],
) -> Connection[T]:
    """The connection of the newest rows of an application, which begin after the cursor given."""
    key = PageKey(application_id, page_size(first), _number(after) if after is not None else None)
    rows = await info.context.load(fetch, key)
    return page(rows, first, after=after, node=node, cursor=lambda row: page_cursor("number", str(row.number)))


def _number(cursor: Cursor) -> int:
    text = page_key("number", cursor)
    if not re.fullmatch("[0-9]{1,18}", text):
        raise InvalidInput("That cursor does not belong here.", field=("after",))
    return int(text)
