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

_CERTIFICATE = strawberry.argument(description="Only those of this certificate; null: of all.")


@strawberry.type
class CertificateSubscriptions:
    @subscription(
        Action.READ, Noun.CERTIFICATE, "What happens to certificates: wanted, ordered, issued, refused, gone."
    )
    async def certificate_events(
        self,
        info: Info,
        certificate_id: Annotated[strawberry.ID | None, _CERTIFICATE] = None,
        after: Annotated[Cursor | None, AFTER] = None,
    ) -> AsyncGenerator[Event, None]:
        beginning = start(info, after)
        key = None
        if certificate_id is not None:
            key = local_id("Certificate", certificate_id, field=("certificateId",))
            if await info.context.load(loaders.certificate, key) is None:
                raise no_such("Certificate", certificate_id, field=("certificateId",))
        return followed(info, EventFilter(noun="Certificate", noun_id=key), beginning)
