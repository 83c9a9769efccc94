from typing import cast

import strawberry

from db.models import WwwMode
from engine.domains.options import DomainOptions
from engine.domains.requests import DomainChanges, NewDomain
from engine.errors import InvalidInput
from engine.names import AddressRange, ByteCount, DomainUrl
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers import domain_options as options
from graph.resolvers.changes import changes
from graph.resolvers.domain_options import BasicAuthUserInput, HeaderInput, HstsInput, RateLimitInput
from graph.resolvers.fields import Input, mutation, query
from graph.schema.domains import Domain
from graph.schema.loaded import listed

_ID = ("input", "domainId")
_URL = "What visitors type: with https it gets a certificate for exactly that name, with http none."
_STRIP = "Whether the application shall see the path without the beginning that is in the URL."
_WWW = "What becomes of the other of www and non-www."
_ALIAS = "Generate SSL for www and non-www? Another way to write wwwMode: true is REDIRECT, false is NONE."
_RESOLVER = (
    "Which certificate resolver is asked for its certificates; null: the default of the server. A certificate from "
    "another one is replaced, and until the next is there visitors see one that they cannot trust."
)
_HTTPS_ONLY = "Whether plain HTTP is answered with a redirect to HTTPS, for an https URL; otherwise both serve."


@strawberry.input(description="What addDomain needs.")
class AddDomainInput:
    application_id: strawberry.ID = strawberry.field(description="The application that requests shall go to.")
    url: DomainUrl = strawberry.field(description=_URL)
    strip_prefix: bool = strawberry.field(default=False, description=_STRIP)
    www_mode: WwwMode | None = strawberry.field(default=None, description=f"{_WWW} NONE, if nothing is said.")
    generate_ssl_for_www_and_non_www: bool | None = strawberry.field(default=None, description=_ALIAS)
    https_only: bool = strawberry.field(default=True, description=_HTTPS_ONLY)
    basic_auth: list[BasicAuthUserInput] | None = strawberry.field(default=None, description=options.BASIC_AUTH)
    allowed_networks: list[AddressRange] | None = strawberry.field(default=None, description=options.NETWORKS)
    max_body_size: ByteCount | None = strawberry.field(default=None, description=options.BODY)
    request_headers: list[HeaderInput] | None = strawberry.field(default=None, description=options.REQUEST_HEADERS)
    response_headers: list[HeaderInput] | None = strawberry.field(default=None, description=options.RESPONSE_HEADERS)
    compress: bool = strawberry.field(default=False, description=options.COMPRESS)
    rate_limit: RateLimitInput | None = strawberry.field(default=None, description=options.RATE_LIMIT)
    hsts: HstsInput | None = strawberry.field(default=None, description=options.HSTS)
    resolver_id: strawberry.ID | None = strawberry.field(default=None, description=_RESOLVER)


@strawberry.type(description="What addDomain did.")
class AddDomainPayload(Payload):
    domain: Domain | None = strawberry.field(default=None, description="The new domain.")


@strawberry.input(description="What updateDomain needs. What is left out stays as it is.")
class UpdateDomainInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain to change.")
    url: strawberry.Maybe[DomainUrl | None] = strawberry.field(description=_URL)
    strip_prefix: strawberry.Maybe[bool | None] = strawberry.field(description=_STRIP)
    www_mode: strawberry.Maybe[WwwMode | None] = strawberry.field(description=_WWW)
    generate_ssl_for_www_and_non_www: strawberry.Maybe[bool | None] = strawberry.field(description=_ALIAS)
    https_only: strawberry.Maybe[bool | None] = strawberry.field(description=_HTTPS_ONLY)
    basic_auth: strawberry.Maybe[list[BasicAuthUserInput] | None] = strawberry.field(description=options.BASIC_AUTH)
    allowed_networks: strawberry.Maybe[list[AddressRange] | None] = strawberry.field(description=options.NETWORKS)
    max_body_size: strawberry.Maybe[ByteCount | None] = strawberry.field(description=options.BODY)
    request_headers: strawberry.Maybe[list[HeaderInput] | None] = strawberry.field(
        description=f"{options.REQUEST_HEADERS} All of them: those that are left out are gone."
    )
    response_headers: strawberry.Maybe[list[HeaderInput] | None] = strawberry.field(
        description=f"{options.RESPONSE_HEADERS} All of them: those that are left out are gone."
    )
    compress: strawberry.Maybe[bool | None] = strawberry.field(description=options.COMPRESS)
    rate_limit: strawberry.Maybe[RateLimitInput | None] = strawberry.field(description=options.RATE_LIMIT)
    hsts: strawberry.Maybe[HstsInput | None] = strawberry.field(description=options.HSTS)
    resolver_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description=_RESOLVER)


@strawberry.type(description="What updateDomain did.")
class UpdateDomainPayload(Payload):
    domain: Domain | None = strawberry.field(default=None, description="The domain as it is now.")


@strawberry.input(description="What removeDomain needs.")
class RemoveDomainInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain that shall go.")


@strawberry.type(description="What removeDomain did.")
class RemoveDomainPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the domain had.")


@strawberry.type
class DomainQueries:
    @query(Action.READ, Noun.DOMAIN, "All domains, by host name and path.")
    async def domains(self, info: Info) -> list[Domain]:
        return listed(info, lists.domains, Domain)


@strawberry.type
class DomainMutations:
    @mutation(Action.CREATE, Noun.DOMAIN, "Have the requests for a URL go to an application.")
    async def add_domain(self, info: Info, input: Input[AddDomainInput]) -> AddDomainPayload:
        key = local_id("Application", input.application_id, field=("input", "applicationId"))
        mode = _www_mode(input.www_mode, input.generate_ssl_for_www_and_non_www) or WwwMode.NONE
        said = options.told(vars(input))
        users = said.pop("basic_auth")
        wanted = NewDomain(
            input.url,
            input.strip_prefix,
            mode,
            input.https_only,
            _resolver(input.resolver_id),
            options=DomainOptions(**said),
            basic_auth=users,
        )
        return AddDomainPayload(domain=Domain.of(await info.context.engine.domains.add(key, wanted)))

    @mutation(Action.UPDATE, Noun.DOMAIN, "Change what a domain leads to; at once.")
    async def update_domain(self, info: Info, input: Input[UpdateDomainInput]) -> UpdateDomainPayload:
        key = local_id("Domain", input.domain_id, field=_ID)
        given = changes(input, clearable=options.OPTIONS | {"resolver_id"})
        if "resolver_id" in given:
            given["resolver_id"] = _resolver(cast(strawberry.ID | None, given["resolver_id"]))
        alias = cast(bool | None, given.pop("generate_ssl_for_www_and_non_www", None))
        if mode := _www_mode(cast(WwwMode | None, given.get("www_mode")), alias):
            given["www_mode"] = mode
        wanted = cast(DomainChanges, given | options.told(given))
        return UpdateDomainPayload(domain=Domain.of(await info.context.engine.domains.update(key, wanted)))

    @mutation(Action.REMOVE, Noun.DOMAIN, "Send no more requests for a URL to its application.")
    async def remove_domain(self, info: Info, input: Input[RemoveDomainInput]) -> RemoveDomainPayload:
        await info.context.engine.domains.remove(local_id("Domain", input.domain_id, field=_ID))
        return RemoveDomainPayload(removed_id=input.domain_id)


def _resolver(given: strawberry.ID | None) -> str | None:
    return local_id("CertificateResolver", given, field=("input", "resolverId")) if given is not None else None


def _www_mode(mode: WwwMode | None, both: bool | None) -> WwwMode | None:
    """What the two ways to say it say. Raises `InvalidInput` when they say different things."""
    meant = None if both is None else WwwMode.REDIRECT if both else WwwMode.NONE
    if mode is not None and meant not in (None, mode):
        field = ("input", "generateSslForWwwAndNonWww")
        raise InvalidInput("This is not what wwwMode says; give one of them.", field=field)
    return mode or meant
