from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from graph.context import Info
from graph.ids import event_sequence
from graph.permissions import Action, Noun
from graph.resolvers.fields import subscription
from graph.scalars import Cursor
from graph.schema.events import Event
from graph.schema.messages import message
from graph.subscriptions.streams import each

AFTER = strawberry.argument(
    description="The cursor of the last event seen: what came after it is told first. Null: only what comes now."
)


@strawberry.type
class EventSubscriptions:
    @subscription(Action.READ, Noun.EVENT, "Everything that happens, in order, each event once.")
    async def events(self, info: Info, after: Annotated[Cursor | None, AFTER] = None) -> AsyncGenerator[Event, None]:
        return each(info.context.engine.events.follow(after=start(info, after)), message)


def start(info: Info, after: Cursor | None) -> int:
    """The number after which to begin, settled before anybody waits for the first message."""
    return event_sequence(after) if after is not None else info.context.engine.events.last
