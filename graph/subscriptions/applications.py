from collections.abc import AsyncGenerator
from datetime import datetime
from itertools import count
from typing import Annotated

import strawberry

from db import models
from db.models import EventKind
from engine.belonging import of_application
from engine.errors import InvalidInput
from engine.events import EventFilter
from graph import loaders, logged
from graph.context import Info
from graph.ids import local_id, no_such
from graph.permissions import Action, Noun
from graph.resolvers.fields import subscription
from graph.scalars import Cursor
from graph.schema.events import Event
from graph.schema.logs import LogLine
from graph.schema.stats import ContainerStats
from graph.subscriptions.events import AFTER, followed, start
from graph.subscriptions.streams import each

_LONGEST_TAIL = 10_000

_ID = strawberry.argument(description="The id of the application.")
TAIL = strawberry.argument(description=f"How many of the last lines to begin with, at most {_LONGEST_TAIL}.")
SINCE = strawberry.argument(description="Only lines written since then; null: all.")
FOLLOW = strawberry.argument(description="Whether to go on with the lines that are being written.")


@strawberry.type
class ApplicationSubscriptions:
    @subscription(
        Action.READ,
        Noun.APPLICATION,
        "What happens to an application and to all its parts. Ends when the application is gone.",
    )
    async def application_events(
        self,
        info: Info,
        application_id: Annotated[strawberry.ID, _ID],
        after: Annotated[Cursor | None, AFTER] = None,
    ) -> AsyncGenerator[Event, None]:
        beginning = start(info, after)
        key = await _known(info, application_id, beginning)
        return followed(info, EventFilter(application_id=key), beginning, last=_is_the_end)

    @subscription(
        Action.READ,
        Noun.APPLICATION,
        "What the containers of an application write, those of later releases too, in the order of time.",
    )
    async def application_logs(
        self,
        info: Info,
        application_id: Annotated[strawberry.ID, _ID],
        tail: Annotated[int, TAIL] = 100,
        since: Annotated[datetime | None, SINCE] = None,
        follow: Annotated[bool, FOLLOW] = True,
    ) -> AsyncGenerator[LogLine, None]:
        key = await _known(info, application_id)
        check_tail(tail)
        numbers = count(1)
        lines = info.context.engine.logs.follow(of_application(key), tail=tail, since=since, follow=follow)
        return each(lines, lambda line: LogLine.of(next(numbers), line))

    @subscription(
        Action.READ, Noun.APPLICATION, "What the running containers of an application use, about once a second."
    )
    async def application_stats(
        self, info: Info, application_id: Annotated[strawberry.ID, _ID]
    ) -> AsyncGenerator[ContainerStats, None]:
        key = await _known(info, application_id)
        return each(info.context.engine.stats.follow(of_application(key)), ContainerStats.of)


def check_tail(tail: int) -> None:
    """Raises `InvalidInput` for more lines than anybody should have to wait for."""
    if not 0 <= tail <= _LONGEST_TAIL:
        raise InvalidInput(f"tail must be between 0 and {_LONGEST_TAIL}.", field=("tail",))


async def _known(info: Info, given: strawberry.ID, after: int | None = None) -> str:
    """The key of an application that there is, or that was removed past the event `after`."""
    key = local_id("Application", given, field=("applicationId",))
    there = await info.context.load(loaders.application, key) is not None
    if there or (after is not None and await info.context.read(logged.removed_past, key, after)):
        return key
    raise no_such("Application", given, field=("applicationId",))


def _is_the_end(event: models.Event) -> bool:
    return event.kind is EventKind.REMOVED and event.noun_id == event.application_id
