from typing import Self

import strawberry

from db import models
from db.models import ProxyState, ServerState
from graph import loaders
from graph.ids import global_id
from graph.schema.domains import Domain
from graph.schema.events import Event
from graph.schema.loaded import loaded
from graph.schema.servers import Server


@strawberry.type(description="The Docker engine of a server began to answer, or stopped.")
class ServerStateChanged(Event):
    state: ServerState = strawberry.field(description="Whether it answers from then on.")
    reason: str = strawberry.field(description="Why it does not answer; empty when it does.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, state=ServerState(row.data["state"]), reason=row.data["reason"])

    server: Server | None = loaded("The server as it is now.", loaders.server, "key")


@strawberry.type(description="The HTTP proxy of a server does something else than before.")
class ProxyStateChanged(Event):
    state: ProxyState = strawberry.field(description="What it does from then on.")
    reason: str = strawberry.field(description="Why it does not run; empty when it does.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, state=ProxyState(row.data["state"]), reason=row.data["reason"])

    server: Server | None = loaded("The server of the proxy as it is now.", loaders.server, "key")


@strawberry.type(description="The proxy began to serve a domain, or stopped.")
class DomainStateChanged(Event):
    domain_id: strawberry.ID = strawberry.field(description="The domain.")
    problem: str | None = strawberry.field(description="Why it is not served; null: it is.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, domain_id=global_id("Domain", row.noun_id), problem=row.data["problem"] or None)

    domain: Domain | None = loaded("The domain as it is now; null once it is gone.", loaders.domain, "key")
