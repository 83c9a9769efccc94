from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from graph.context import Info
from graph.permissions import Action, Noun
from graph.resolvers.fields import subscription
from graph.scalars import Cursor
from graph.schema.audit import AuditEntry, audit_sequence
from graph.subscriptions.streams import each

_AFTER = strawberry.argument(
    description="The cursor of the last entry seen: what came after it is told first. Null: only what comes now."
)


@strawberry.type
class AuditSubscriptions:
    @subscription(Action.READ, Noun.AUDIT_ENTRY, "Who does what to what, in order, each entry once.")
    async def audit_events(
        self, info: Info, after: Annotated[Cursor | None, _AFTER] = None
    ) -> AsyncGenerator[AuditEntry, None]:
        audit = info.context.engine.audit
        start = audit.last if after is None else audit_sequence(after)
        return each(audit.follow(info.context.viewer.authority, start), AuditEntry.of)
