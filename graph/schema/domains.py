from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.models import WwwMode
from engine.domains.names import url_of
from engine.domains.options import NO_OPTIONS, DomainOptions, read_options, user_names
from engine.names import AddressRange, ByteCount, DomainUrl, PathPrefix
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.certificates import Certificate
from graph.schema.domain_options import BasicAuthUser, Header, Hsts, RateLimit, headers_of
from graph.schema.loaded import loaded
from graph.schema.rows import View, made, node_id

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


def option(description: str, of: Callable[[DomainOptions], Any]) -> Any:
    """A field that is one of the options of a domain."""
    return made(description, lambda kept: of(read_options(kept) or NO_OPTIONS), "options")


@strawberry.type(description="What visitors type whose requests go to an application.")
class Domain(View, Node):
    id: strawberry.ID = node_id("Domain")
    url: DomainUrl = made(
        "What visitors type; with https, it has a certificate.", url_of, "scheme", "host", "path_prefix"
    )
    host: str = strawberry.field(description="The name in the URL; *. at its beginning stands for one label.")
    path_prefix: PathPrefix = strawberry.field(description="The beginning of the paths it is about; / is all.")
    strip_prefix: bool = strawberry.field(description="Whether the application sees the path without that beginning.")
    www_mode: WwwMode = strawberry.field(description="What becomes of the other of www and non-www.")
    https_only: bool = strawberry.field(description="Whether an https URL answers plain HTTP with a redirect.")
    basic_auth: list[BasicAuthUser] = made(
        "Who may come in; empty: everybody.",
        lambda kept: [BasicAuthUser(name=name) for name in user_names(kept)],
        "basic_auth",
    )
    allowed_networks: list[AddressRange] = option(
        "From where one may come in; empty: from everywhere.",
        lambda options: list(options.allowed_networks),
    )
    max_body_size: ByteCount | None = option(
        "How large the body of a request may be; null: any size.",
        lambda options: options.max_body_size,
    )
    request_headers: list[Header] = option(
        "Headers that the application gets, or does not get.",
        lambda options: headers_of(options.request_headers),
    )
    response_headers: list[Header] = option(
        "Headers that visitors get, or not.",
        lambda options: headers_of(options.response_headers),
    )
    compress: bool = option(
        "Whether answers are compressed for clients that take it.",
        lambda options: options.compress,
    )
    rate_limit: RateLimit | None = option(
        "How often one client may ask; null: no limit.",
        lambda options: RateLimit.of(options.rate_limit) if options.rate_limit else None,
    )
    hsts: Hsts | None = option(
        "That browsers are told to come by HTTPS only; null: no.",
        lambda options: Hsts.of(options.hsts) if options.hsts else None,
    )
    problem: str | None = made(
        "Why the proxy does not serve it; null when it does.", lambda problem: problem or None, "problem"
    )
    created_at: datetime = strawberry.field(description="When it was added.")
    resolver: CertificateResolver | None = loaded(
        "Who is asked for its certificates; null: the default of its server.",
        loaders.certificate_resolver,
        "resolver_id",
    )
    application: Annotated["Application", strawberry.lazy("graph.schema.applications")] = loaded(
        "The application that its requests go to.", loaders.application_of, "application_id"
    )
    certificates: list[Certificate] = loaded(
        "The certificates for its names, brought or ordered; none without https.",
        loaders.certificates_of_domain,
        "id",
    )
