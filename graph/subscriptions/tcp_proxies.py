from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from engine.events import EventFilter
from graph import loaders
from graph.context import Info
from graph.ids import local_id, no_such
from graph.permissions import Action, Noun
from graph.resolvers.fields import subscription
from graph.scalars import Cursor
from graph.schema.events import Event
from graph.subscriptions.events import AFTER, followed, start

_DATABASE = strawberry.argument(description="Only those of this database; null: of all.")


@strawberry.type
class TcpProxySubscriptions:
    @subscription(
        Action.READ, Noun.TCP_PROXY, "What happens to TCP proxies: made, changed, reached or not reached, gone."
    )
    async def tcp_proxy_events(
        self,
        info: Info,
        database_id: Annotated[strawberry.ID | None, _DATABASE] = None,
        after: Annotated[Cursor | None, AFTER] = None,
    ) -> AsyncGenerator[Event, None]:
        beginning = start(info, after)
        key = None
        if database_id is not None:
            key = local_id("Database", database_id, field=("databaseId",))
            if await info.context.load(loaders.database, key) is None:
                raise no_such("Database", database_id, field=("databaseId",))
        return followed(info, EventFilter(database_id=key, noun="TcpProxy"), beginning)
