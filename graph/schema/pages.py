"""Pages of what an application has ever more of, newest first, by its number."""

import re
from typing import TypeVar

import strawberry

from engine.errors import InvalidInput
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.ids import page_cursor, page_key
from graph.loading import Paged, PageKey
from graph.scalars import Cursor
from graph.schema.loaded import asked
from graph.schema.rows import View

V = TypeVar("V", bound=View)

FIRST = strawberry.argument(description="How many entries to give at most, from 1 to 100.")
AFTER = strawberry.argument(description="Begin after the entry with this cursor; null: at the first one.")


async def newest(
    info: Info, fetch: Paged, application_id: str, first: int, after: Cursor | None, view: type[V]
) -> Connection[V]:
    """The connection of the newest rows of an application, which begin after the cursor given."""
    before = _number(after) if after is not None else None
    key = PageKey(application_id, page_size(first), before, asked(info, view))
    rows = await info.context.load(fetch, key)
    return page(rows, first, after=after, node=view.of, cursor=lambda row: page_cursor("number", str(row.number)))


def _number(cursor: Cursor) -> int:
    text = page_key("number", cursor)
    if not re.fullmatch("[0-9]{1,18}", text):
        raise InvalidInput("That cursor does not belong here.", field=("after",))
    return int(text)
