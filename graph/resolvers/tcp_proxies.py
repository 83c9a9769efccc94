from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import strawberry

from engine.exposures.requests import ExposureFields, Tls
from engine.names import AddressRange, HostAddress, Port
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.changes import changes
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.schema.tcp_proxies import TcpProxy
from graph.schema.tcp_proxy_enums import TlsMode

_ID = ("input", "databaseId")
_CLEARABLE = frozenset({"port", "expires_at"})


@strawberry.input(description="What a TCP proxy shall do about TLS.")
class TlsInput:
    mode: TlsMode = strawberry.field(description="What it shall do.")
    certificate_id: strawberry.ID | None = strawberry.field(
        default=None, description="The certificate that it shall show; needed for TERMINATE, and for nothing else."
    )

    def told(self) -> Tls:
        where = ("input", "tls", "certificateId")
        given = self.certificate_id
        return Tls(self.mode, local_id("Certificate", given, field=where) if given is not None else None)


@strawberry.input(description="What exposeDatabase needs. The database alone is enough.")
class ExposeDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database.")
    port: Port | None = strawberry.field(
        default=None, description="The port of the host; null: the lowest free one of the configured range."
    )
    bind_address: HostAddress | None = strawberry.field(
        default=None, description="The address of the host; null: the one that the HTTP proxy is bound to."
    )
    allowed_networks: list[AddressRange] = strawberry.field(
        default_factory=list, description="Who may connect; empty: everybody who reaches the port."
    )
    tls: TlsInput | None = strawberry.field(default=None, description="What it shall do about TLS; null: nothing.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it shall close by itself; null: never."
    )


@strawberry.type(description="What exposeDatabase did. The proxy is started in the background.")
class ExposeDatabasePayload(Payload):
    tcp_proxy: TcpProxy | None = strawberry.field(default=None, description="The TCP proxy.")


@strawberry.input(description="What updateExposure needs. What is left out stays as it is.")
class UpdateExposureInput:
    database_id: strawberry.ID = strawberry.field(description="The database.")
    port: strawberry.Maybe[Port | None] = strawberry.field(
        description="The port of the host; null: the lowest free one. Another one ends the sessions."
    )
    bind_address: strawberry.Maybe[HostAddress | None] = strawberry.field(
        description="The address of the host. Another one ends the sessions."
    )
    allowed_networks: strawberry.Maybe[list[AddressRange] | None] = strawberry.field(
        description="Who may connect from now on; empty: everybody. Sessions that are open go on."
    )
    tls: strawberry.Maybe[TlsInput | None] = strawberry.field(description="What it shall do about TLS.")
    expires_at: strawberry.Maybe[datetime | None] = strawberry.field(
        description="When it shall close by itself; null: never."
    )


@strawberry.type(description="What updateExposure did. The proxy follows in the background.")
class UpdateExposurePayload(Payload):
    tcp_proxy: TcpProxy | None = strawberry.field(default=None, description="The TCP proxy.")


@strawberry.input(description="What unexposeDatabase needs.")
class UnexposeDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database that nobody outside shall reach.")


@strawberry.type(description="What unexposeDatabase did. The proxy goes in the background, and its port with it.")
class UnexposeDatabasePayload(Payload):
    tcp_proxy: TcpProxy | None = strawberry.field(default=None, description="The TCP proxy, which is about to go.")


@strawberry.type
class TcpProxyQueries:
    @query(Action.READ, Noun.TCP_PROXY, "The TCP proxies of all exposed databases, by address and port.")
    async def tcp_proxies(self, info: Info) -> list[TcpProxy]:
        return listed(info, lists.tcp_proxies, TcpProxy)

    @query(Action.READ, Noun.TCP_PROXY, "The TCP proxy with this id; null: there is none.")
    async def tcp_proxy(self, info: Info, id: Id) -> TcpProxy | None:
        return found(info, TcpProxy, id)


@strawberry.type
class TcpProxyMutations:
    @mutation(Action.CREATE, Noun.TCP_PROXY, "Have a port of the host lead to a database, which is not restarted.")
    async def expose_database(self, info: Info, input: Input[ExposeDatabaseInput]) -> ExposeDatabasePayload:
        given = {name: value for name, value in vars(input).items() if name != "database_id" and value is not None}
        key = local_id("Database", input.database_id, field=_ID)
        row = await info.context.engine.exposures.expose(key, _engine_fields(given))
        return ExposeDatabasePayload(tcp_proxy=TcpProxy.of(row))

    @mutation(Action.UPDATE, Noun.TCP_PROXY, "Change how a database is exposed. The database is not restarted.")
    async def update_exposure(self, info: Info, input: Input[UpdateExposureInput]) -> UpdateExposurePayload:
        key = local_id("Database", input.database_id, field=_ID)
        row = await info.context.engine.exposures.update(key, _engine_fields(changes(input, _CLEARABLE)))
        return UpdateExposurePayload(tcp_proxy=TcpProxy.of(row))

    @mutation(Action.REMOVE, Noun.TCP_PROXY, "Close the port that leads to a database. Its sessions end.")
    async def unexpose_database(self, info: Info, input: Input[UnexposeDatabaseInput]) -> UnexposeDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        return UnexposeDatabasePayload(tcp_proxy=TcpProxy.of(await info.context.engine.exposures.unexpose(key)))


def _engine_fields(given: Mapping[str, Any]) -> ExposureFields:
    told = dict(given)
    if "tls" in told:
        told["tls"] = told["tls"].told()
    return cast(ExposureFields, told)
