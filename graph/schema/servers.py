from datetime import datetime

import strawberry

from db import models
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.loaded import loaded
from graph.schema.rows import View, node_id

described(
    models.ServerState,
    "Whether a Docker engine answers, as last seen.",
    UNKNOWN="It was not asked yet.",
    REACHABLE="It answers.",
    UNREACHABLE="It does not answer. What runs on it may well run on.",
)
described(
    models.ProxyState,
    "What the HTTP proxy of a server does, as last seen.",
    UNKNOWN="Nobody has looked yet.",
    STARTING="It is being started.",
    RUNNING="It runs and has loaded its routes.",
    FAILED="It does not run, or refused its routes.",
)


@strawberry.type(description="A Docker engine on which applications run. The local one is there from the start.")
class Server(View, Node):
    id: strawberry.ID = node_id("Server")
    name: str = strawberry.field(description="What people call it.")
    state: models.ServerState = strawberry.field(description="Whether its Docker engine answers.")
    state_reason: str = strawberry.field(description="Why it does not answer; empty when it does.")
    engine_version: str = strawberry.field(description="The version of Docker there; empty when never seen.")
    proxy_state: models.ProxyState = strawberry.field(description="What its HTTP proxy does.")
    proxy_reason: str = strawberry.field(description="Why its proxy does not run; empty when it does.")
    created_at: datetime = strawberry.field(description="When it was made known.")
    default_resolver: CertificateResolver | None = loaded(
        "Who is asked for certificates of domains that name nobody; null: not set yet.",
        loaders.certificate_resolver,
        "default_resolver_id",
    )
