from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from db.models import WwwMode
from engine.domains.names import url_of
from engine.domains.options import NO_OPTIONS, read_options, user_names
from engine.names import AddressRange, ByteCount, DomainUrl, PathPrefix
from graph import loaders
from graph.context import Info
from graph.enums import described
from graph.ids import Node, global_id, local_id
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.certificates import Certificate
from graph.schema.domain_options import BasicAuthUser, Header, Hsts, RateLimit, headers_of
from graph.schema.owners import application_of
from graph.schema.rows import of_row

if TYPE_CHECKING:
    from graph.schema.applications import Application

described(
    WwwMode,
    "What becomes of the name with www. before the one given, or, where that has it, of the one without.",
    NONE="Only the name given is routed.",
    REDIRECT="The other name answers with one permanent redirect (308) to the name given, which keeps path and query "
    "and never leads over plain HTTP.",
    SERVE="Both names lead to the application.",
)


@strawberry.type(description="What visitors type whose requests go to an application.")
class Domain(Node):
    application_id: strawberry.Private[str]
    resolver_key: strawberry.Private[str | None]
    url: DomainUrl = strawberry.field(description="What visitors type; with https, it has a certificate.")
    host: str = strawberry.field(description="The name in the URL; *. at its beginning stands for one label.")
    path_prefix: PathPrefix = strawberry.field(description="The beginning of the paths it is about; / is all.")
    strip_prefix: bool = strawberry.field(description="Whether the application sees the path without that beginning.")
    www_mode: WwwMode = strawberry.field(description="What becomes of the other of www and non-www.")
    https_only: bool = strawberry.field(description="Whether an https URL answers plain HTTP with a redirect.")
    basic_auth: list[BasicAuthUser] = strawberry.field(description="Who may come in; empty: everybody.")
    allowed_networks: list[AddressRange] = strawberry.field(
        description="From where one may come in; empty: from everywhere."
    )
    max_body_size: ByteCount | None = strawberry.field(
        description="How large the body of a request may be; null: any size."
    )
    request_headers: list[Header] = strawberry.field(
        description="Headers that the application gets, or does not get."
    )
    response_headers: list[Header] = strawberry.field(description="Headers that visitors get, or not.")
    compress: bool = strawberry.field(description="Whether answers are compressed for clients that take it.")
    rate_limit: RateLimit | None = strawberry.field(description="How often one client may ask; null: no limit.")
    hsts: Hsts | None = strawberry.field(description="That browsers are told to come by HTTPS only; null: no.")
    problem: str | None = strawberry.field(description="Why the proxy does not serve it; null when it does.")
    created_at: datetime = strawberry.field(description="When it was added.")

    @classmethod
    def of(cls, row: models.Domain) -> "Domain":
        options = read_options(row.options) or NO_OPTIONS
        return of_row(
            cls,
            row,
            id=global_id("Domain", row.id),
            url=url_of(row.scheme, row.host, row.path_prefix),
            basic_auth=[BasicAuthUser(name=name) for name in user_names(row.basic_auth)],
            allowed_networks=list(options.allowed_networks),
            max_body_size=options.max_body_size,
            request_headers=headers_of(options.request_headers),
            response_headers=headers_of(options.response_headers),
            compress=options.compress,
            rate_limit=RateLimit.of(options.rate_limit) if options.rate_limit else None,
            hsts=Hsts.of(options.hsts) if options.hsts else None,
            problem=row.problem or None,
            resolver_key=row.resolver_id,
        )

    @strawberry.field(description="Who is asked for its certificates; null: the default of its server.")
    async def resolver(self, info: Info) -> CertificateResolver | None:
        if self.resolver_key is None:
            return None
        row = await info.context.load(loaders.certificate_resolver, self.resolver_key)
        return CertificateResolver.of(row) if row else None

    @strawberry.field(description="The certificates for its names, brought or ordered; none without https.")
    async def certificates(self, info: Info) -> list[Certificate]:
        rows = await info.context.load(loaders.certificates_of_domain, local_id("Domain", self.id))
        return [Certificate.of(row) for row in rows]

    @strawberry.field(description="The application that its requests go to.")
    async def application(self, info: Info) -> Annotated["Application", strawberry.lazy("graph.schema.applications")]:
        return await application_of(info, self.application_id)
