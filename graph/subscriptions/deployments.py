from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from db import models
from db.models import DeploymentStatus, EventKind
from engine.deployments.steps import NEXT
from engine.events import EventFilter
from graph import loaders, logged
from graph.context import Info
from graph.ids import local_id, no_such
from graph.permissions import Action, Noun
from graph.resolvers.fields import subscription
from graph.scalars import Cursor
from graph.schema.events import Event
from graph.schema.logs import DeploymentLogLine
from graph.subscriptions.events import followed, given_start
from graph.subscriptions.streams import each, nothing

_ID = strawberry.argument(description="The id of the deployment.")
_AFTER = strawberry.argument(description="The cursor of the last event seen; null: begin with its first.")
_AFTER_LINE = strawberry.argument(description="The number of the last line seen; 0: begin with the first.")


@strawberry.type
class DeploymentSubscriptions:
    @subscription(Action.READ, Noun.DEPLOYMENT, "How a deployment goes, from its beginning. Ends when it has ended.")
    async def deployment_events(
        self,
        info: Info,
        deployment_id: Annotated[strawberry.ID, _ID],
        after: Annotated[Cursor | None, _AFTER] = None,
    ) -> AsyncGenerator[Event, None]:
        row = await _known(info, deployment_id)
        events = info.context.engine.events
        first, last = await info.context.read(logged.events_of_deployment, row.id, events.last)
        given = given_start(info, after)
        start = first - 1 if given is None else given
        if row.finished_at is not None and start >= last:
            return nothing()
        return followed(info, EventFilter(deployment_id=row.id), start, last=_is_the_end)

    @subscription(Action.READ, Noun.DEPLOYMENT, "The log of a deployment, line by line. Ends when it has ended.")
    async def deployment_logs(
        self,
        info: Info,
        deployment_id: Annotated[strawberry.ID, _ID],
        after: Annotated[int, _AFTER_LINE] = 0,
    ) -> AsyncGenerator[DeploymentLogLine, None]:
        row = await _known(info, deployment_id)
        return each(info.context.engine.journals.follow(row.id, after), DeploymentLogLine.of)


async def _known(info: Info, given: strawberry.ID) -> models.Deployment:
    key = local_id("Deployment", given, field=("deploymentId",))
    row = await info.context.load(loaders.deployment, key)
    if row is None:
        raise no_such("Deployment", given, field=("deploymentId",))
    return row


def _is_the_end(event: models.Event) -> bool:
    return event.kind is EventKind.DEPLOYMENT_STATUS and not NEXT[DeploymentStatus(event.data["status"])]
