from typing import Annotated, cast

import strawberry

from graph import lists
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.ids import Node, event_cursor, event_sequence, local_id, read_global_id
from graph.permissions import Action, NeedsToReadNode, Noun
from graph.resolvers.fields import Id, query
from graph.scalars import Cursor
from graph.schema.events import Event
from graph.schema.messages import message
from graph.schema.nodes import node_of
from graph.schema.pages import AFTER, FIRST

_WHERE = strawberry.argument(description="Only those that belong to this application; null: all.")


@strawberry.type
class EventQueries:
    @query(Action.READ, Noun.EVENT, "What happened, newest first, as far back as the log goes.")
    async def events(
        self,
        info: Info,
        first: Annotated[int, FIRST] = 50,
        after: Annotated[Cursor | None, AFTER] = None,
        application_id: Annotated[strawberry.ID | None, _WHERE] = None,
    ) -> Connection[Event]:
        where = (
            local_id("Application", application_id, field=("applicationId",)) if application_id is not None else None
        )
        before = event_sequence(after) if after is not None else None
        rows = lists.events.stored(info.context.reader, page_size(first) + 1, before, where)
        return page(rows, first, after=after, node=message, cursor=lambda row: event_cursor(cast(int, row.sequence)))

    @query(
        Action.READ,
        Noun.EVENT,
        "The place of the newest event. Ask for it together with a state, then subscribe to what comes after it: "
        "nothing is missed.",
    )
    def event_cursor(self, info: Info) -> Cursor:
        return event_cursor(info.context.engine.events.last)

    @strawberry.field(
        description="Anything with a page of its own, by its id; null: there is none.",
        extensions=[NeedsToReadNode()],
    )
    async def node(self, info: Info, id: Id) -> Node | None:
        named = read_global_id(id)
        return node_of(info.context, *named) if named else None
