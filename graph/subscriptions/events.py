from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, cast

import strawberry

from db import models
from engine.events import EVERYTHING, EventFilter
from graph.context import Info
from graph.following import decisive_variables
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
        return followed(info, EVERYTHING, start(info, after))


def start(info: Info, after: Cursor | None) -> int:
    """The number after which to begin, settled before anybody waits for the first message."""
    given = given_start(info, after)
    return info.context.engine.events.last if given is None else given


def given_start(info: Info, after: Cursor | None) -> int | None:
    """The number after which to begin if the operation says one."""
    if info.context.following.start is not None:
        return info.context.following.start
    return None if after is None else event_sequence(after)


def followed(
    info: Info, wanted: EventFilter, after: int, last: Callable[[models.Event], bool] = lambda _event: False
) -> AsyncGenerator[Event, None]:
    """The events past number `after`, up to the `last`, told together with all who are told the same."""
    following = info.context.following

    def told(row: models.Event) -> Event:
        following.told = cast(int, row.sequence)
        return message(row)

    wanted = replace(wanted, authority=info.context.viewer.authority)
    wait = partial(following.wait, decisive_variables(info)) if following.wait else None
    return each(info.context.engine.events.follow(wanted, after, wait), told, last=last)
