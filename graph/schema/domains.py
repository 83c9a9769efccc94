from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from db.models import WwwMode
from engine.domains.names import url_of
from engine.names import DomainUrl, PathPrefix
from graph import loaders
from graph.context import Info
from graph.enums import described
from graph.ids import Node, global_id, local_id
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.certificates import Certificate
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
    problem: str | None = strawberry.field(description="Why the proxy does not serve it; null when it does.")
    created_at: datetime = strawberry.field(description="When it was added.")

    @classmethod
    def of(cls, row: models.Domain) -> "Domain":
        url = url_of(row.scheme, row.host, row.path_prefix)
        made = {"url": url, "problem": row.problem or None, "resolver_key": row.resolver_id}
        return of_row(cls, row, id=global_id("Domain", row.id), **made)

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
