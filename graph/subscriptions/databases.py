from collections.abc import AsyncGenerator
from datetime import datetime
from itertools import count
from typing import Annotated

import strawberry

from db import models
from db.models import EventKind
from engine.belonging import of_database
from engine.events import EventFilter
from graph import loaders, logged
from graph.context import Info
from graph.ids import local_id, no_such
from graph.permissions import Action, Noun
from graph.resolvers.fields import subscription
from graph.scalars import Cursor
from graph.schema.events import Event
from graph.schema.logs import DatabaseLogLine
from graph.schema.stats import DatabaseStats
from graph.subscriptions.applications import FOLLOW, SINCE, TAIL, check_tail
from graph.subscriptions.events import AFTER, followed, start
from graph.subscriptions.streams import each

_ID = strawberry.argument(description="The id of the database.")


@strawberry.type
class DatabaseSubscriptions:
    @subscription(
        Action.READ,
        Noun.DATABASE,
        "What happens to a database and to all its parts. Ends when the database is gone.",
    )
    async def database_events(
        self,
        info: Info,
        database_id: Annotated[strawberry.ID, _ID],
        after: Annotated[Cursor | None, AFTER] = None,
    ) -> AsyncGenerator[Event, None]:
        beginning = start(info, after)
        key = await _known(info, database_id, beginning)
        return followed(info, EventFilter(database_id=key), beginning, last=_is_the_end)

    @subscription(Action.READ, Noun.DATABASE, "What the server of a database writes, in the order of time.")
    async def database_logs(
        self,
        info: Info,
        database_id: Annotated[strawberry.ID, _ID],
        tail: Annotated[int, TAIL] = 100,
        since: Annotated[datetime | None, SINCE] = None,
        follow: Annotated[bool, FOLLOW] = True,
    ) -> AsyncGenerator[DatabaseLogLine, None]:
        key = await _known(info, database_id)
        check_tail(tail)
        numbers = count(1)
        lines = info.context.engine.logs.follow(of_database(key), tail=tail, since=since, follow=follow)
        return each(lines, lambda line: DatabaseLogLine.of(next(numbers), line))

    @subscription(Action.READ, Noun.DATABASE, "What a running database uses, about once a second.")
    async def database_stats(
        self, info: Info, database_id: Annotated[strawberry.ID, _ID]
    ) -> AsyncGenerator[DatabaseStats, None]:
        key = await _known(info, database_id)
        return each(info.context.engine.stats.follow(of_database(key)), DatabaseStats.of)


async def _known(info: Info, given: strawberry.ID, after: int | None = None) -> str:
    """The key of a database that there is, or that was removed past the event `after`."""
    key = local_id("Database", given, field=("databaseId",))
    there = await info.context.load(loaders.database, key) is not None
    if there or (after is not None and await info.context.read(logged.removed_past, key, after)):
        return key
    raise no_such("Database", given, field=("databaseId",))


def _is_the_end(event: models.Event) -> bool:
    return event.kind is EventKind.REMOVED and event.noun_id == event.database_id
