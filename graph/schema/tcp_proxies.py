from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.names import AddressRange, ByteCount, HostAddress, Port
from engine.proxy.tcp.observation import TcpProxyObservation
from graph import loaders
from graph.context import Info
from graph.ids import Node
from graph.schema.certificates import Certificate
from graph.schema.loaded import loaded
from graph.schema.rows import View, made, node_id, of_row, reads
from graph.schema.tcp_proxy_enums import TcpProxyReason, TcpProxyState, TlsMode

if TYPE_CHECKING:
    from graph.schema.databases import Database


@strawberry.type(description="What a TCP proxy does at one moment, asked of it and of Docker.")
class TcpProxyActivity:
    state: TcpProxyState = strawberry.field(description="Whether clients reach it.")
    message: str = strawberry.field(description="Why they do not, as a sentence; empty when they do.")
    open_connections: int | None = strawberry.field(description="Connections of clients; null: unknown.")
    received_bytes: ByteCount | None = strawberry.field(
        description="What it has received since it started, from clients and from the database; null: unknown."
    )
    sent_bytes: ByteCount | None = strawberry.field(
        description="What it has sent since it started, to clients and to the database; null: unknown."
    )
    private_memory_bytes: ByteCount | None = strawberry.field(
        description="The memory that the host gets back when it ends; null: unknown."
    )

    @classmethod
    def of(cls, seen: TcpProxyObservation) -> "TcpProxyActivity":
        return of_row(cls, seen)


@strawberry.type(
    description="What leads from one port of the host to one database. The port is its own as long as it is there."
)
class TcpProxy(View, Node):
    id: strawberry.ID = node_id("TcpProxy")
    bind_address: HostAddress = strawberry.field(description="The address of the host that it is bound to.")
    port: Port = strawberry.field(description="The port of the host.")
    allowed_networks: list[AddressRange] = strawberry.field(description="Who may connect; empty: everybody.")
    tls_mode: TlsMode = made("What it does about TLS.", lambda mode: mode, "tls")
    expires_at: datetime | None = strawberry.field(description="When it closes by itself; null: never.")
    closing: bool = strawberry.field(description="Whether it is about to go.")
    state: TcpProxyState = strawberry.field(description="Whether clients reach it, as last seen.")
    reason: TcpProxyReason | None = strawberry.field(description="Why they do not; null: they do, or soon will.")
    message: str = strawberry.field(description="The reason as a sentence; empty when there is none.")
    created_at: datetime = strawberry.field(description="When the database was exposed.")
    updated_at: datetime = strawberry.field(description="When what is wanted of it was last changed.")

    database: Annotated["Database", strawberry.lazy("graph.schema.databases")] = loaded(
        "The database that it leads to.", loaders.database_of, "database_id"
    )
    certificate: Certificate | None = loaded(
        "The certificate that it shows; null: none.", loaders.certificate, "certificate_id"
    )

    @strawberry.field(
        description="What it does at this moment. It and Docker are asked, which takes its time.",
        metadata=reads("id"),
    )
    async def activity(self, info: Info) -> TcpProxyActivity:
        return TcpProxyActivity.of(await info.context.load(loaders.activity_of, self.key))
