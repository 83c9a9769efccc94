from typing import Self

import strawberry

from db import models
from engine.names import HostAddress, Port
from graph import loaders
from graph.ids import global_id
from graph.schema.events import Event
from graph.schema.loaded import loaded
from graph.schema.tcp_proxies import TcpProxy
from graph.schema.tcp_proxy_enums import TcpProxyReason, TcpProxyState


@strawberry.type(description="Clients began to reach a TCP proxy, or do not any more.")
class TcpProxyStateChanged(Event):
    tcp_proxy_id: strawberry.ID = strawberry.field(description="The TCP proxy.")
    state: TcpProxyState = strawberry.field(description="Whether clients reach it from then on.")
    reason: TcpProxyReason | None = strawberry.field(description="Why they do not; null: they do, or soon will.")
    message: str = strawberry.field(description="The reason as a sentence; empty when there is none.")
    bind_address: HostAddress = strawberry.field(description="The address of the host that it is bound to.")
    port: Port = strawberry.field(description="The port of the host.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        reason = row.data["reason"]
        return cls.told(
            row,
            tcp_proxy_id=global_id("TcpProxy", row.noun_id),
            state=TcpProxyState(row.data["state"]),
            reason=TcpProxyReason(reason) if reason else None,
            message=row.data["message"],
            bind_address=row.data["bindAddress"],
            port=row.data["port"],
        )

    tcp_proxy: TcpProxy | None = loaded("The TCP proxy as it is now; null once it is gone.", loaders.tcp_proxy, "key")
