from datetime import timedelta
from typing import Any, cast

import strawberry

from db.models import Challenge, KeyType
from engine.accounts.addresses import EmailAddress
from engine.certificates.resolvers import Eab, ResolverChanges
from engine.errors import InvalidInput
from engine.names import EnvName, ResourceName
from engine.secrets import Secret
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.changes import changes
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.schema.servers import Server

_ID = ("input", "resolverId")
_LONGEST_DELAY = 3600
_NAME = "What people call it."
_DIRECTORY = "Where its ACME directory is, over https."
_CA = "Who may have signed the certificate of its directory, as PEM; empty: the usual authorities."
_EMAIL = (
    "Whom the authority may write to. Without one the proxy makes itself a new account with the authority each time "
    "that it starts, and authorities count accounts."
)
_KEY_TYPE = "What the private keys shall be."
_CHALLENGE = "How it is shown that a name is ours."
_EAB = "The key of an account that was made elsewhere, where the authority asks for one."
_PROVIDER = "For DNS_01: who makes the TXT records, as lego names them, such as cloudflare. Not exec, not manual."
_CREDENTIALS = (
    "For DNS_01: what the provider is told, all of it. All resolvers share one process: two cannot give one variable "
    "different values."
)
_DELAY = (
    "For DNS_01: how long records take to be seen, in whole seconds, an hour at most. It is just waited so long; "
    "null: DNS is asked until they are there, which does not work where the proxy is told other things than others."
)
_PROFILE = "Which kind of certificate is asked for, where the authority has several; empty: the usual one."
_DURATION = (
    "For how long its certificates are valid, in whole hours, by which it is decided when the next one is asked for: "
    "30 days before the end of 90, 2 days before the end of 6."
)
_REPLACES = "The proxy is replaced for that: connections to it end, and for about a second nobody gets in."


@strawberry.input(description="The key of an account with an authority that was made elsewhere.")
class EabInput:
    key_id: str = strawberry.field(description="The id of the key.")
    hmac_key: Secret = strawberry.field(description="The key, in base64url.")

    def told(self) -> Eab:
        return Eab(self.key_id, self.hmac_key)


@strawberry.input(description="One thing that a provider of DNS is told.")
class DnsCredentialInput:
    variable: EnvName = strawberry.field(description="By which variable lego is told it, such as CF_DNS_API_TOKEN.")
    value: Secret = strawberry.field(description="Its value.")


@strawberry.input(description="What createCertificateResolver needs. A name and a directory are enough.")
class CreateCertificateResolverInput:
    name: ResourceName = strawberry.field(description=_NAME)
    directory_url: str = strawberry.field(description=_DIRECTORY)
    ca_certificates: str = strawberry.field(default="", description=_CA)
    email: EmailAddress | None = strawberry.field(default=None, description=_EMAIL)
    key_type: KeyType = strawberry.field(default=KeyType.EC256, description=_KEY_TYPE)
    challenge: Challenge = strawberry.field(default=Challenge.HTTP_01, description=_CHALLENGE)
    eab: EabInput | None = strawberry.field(default=None, description=_EAB)
    dns_provider: str = strawberry.field(default="", description=_PROVIDER)
    dns_credentials: list[DnsCredentialInput] = strawberry.field(default_factory=list, description=_CREDENTIALS)
    dns_delay: timedelta | None = strawberry.field(default=None, description=_DELAY)
    profile: str = strawberry.field(default="", description=_PROFILE)
    certificate_duration: timedelta = strawberry.field(default=timedelta(days=90), description=_DURATION)


@strawberry.type(description="What createCertificateResolver did.")
class CreateCertificateResolverPayload(Payload):
    resolver: CertificateResolver | None = strawberry.field(default=None, description="The new resolver.")


@strawberry.input(
    description="What updateCertificateResolver needs. What is left out stays as it is. Of those that are built in, "
    "the e-mail, the key type, and the challenge with its provider can be changed, and nothing else."
)
class UpdateCertificateResolverInput:
    resolver_id: strawberry.ID = strawberry.field(description="The resolver to change.")
    name: strawberry.Maybe[ResourceName | None] = strawberry.field(description=_NAME)
    directory_url: strawberry.Maybe[str | None] = strawberry.field(description=_DIRECTORY)
    ca_certificates: strawberry.Maybe[str | None] = strawberry.field(description=_CA)
    email: strawberry.Maybe[EmailAddress | None] = strawberry.field(description=f"{_EMAIL} Null: nobody.")
    key_type: strawberry.Maybe[KeyType | None] = strawberry.field(description=_KEY_TYPE)
    challenge: strawberry.Maybe[Challenge | None] = strawberry.field(description=_CHALLENGE)
    eab: strawberry.Maybe[EabInput | None] = strawberry.field(description=f"{_EAB} Null: none.")
    dns_provider: strawberry.Maybe[str | None] = strawberry.field(description=_PROVIDER)
    dns_credentials: strawberry.Maybe[list[DnsCredentialInput] | None] = strawberry.field(description=_CREDENTIALS)
    dns_delay: strawberry.Maybe[timedelta | None] = strawberry.field(description=_DELAY)
    profile: strawberry.Maybe[str | None] = strawberry.field(description=_PROFILE)
    certificate_duration: strawberry.Maybe[timedelta | None] = strawberry.field(description=_DURATION)


@strawberry.type(description="What updateCertificateResolver did.")
class UpdateCertificateResolverPayload(Payload):
    resolver: CertificateResolver | None = strawberry.field(default=None, description="The resolver as it is now.")


@strawberry.input(description="What removeCertificateResolver needs.")
class RemoveCertificateResolverInput:
    resolver_id: strawberry.ID = strawberry.field(description="The resolver that shall go.")


@strawberry.type(description="What removeCertificateResolver did.")
class RemoveCertificateResolverPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the resolver had.")


@strawberry.input(description="What setDefaultResolver needs.")
class SetDefaultResolverInput:
    server_id: strawberry.ID = strawberry.field(description="The server.")
    resolver_id: strawberry.ID = strawberry.field(description="Who shall be asked for domains that name nobody.")


@strawberry.type(description="What setDefaultResolver did.")
class SetDefaultResolverPayload(Payload):
    server: Server | None = strawberry.field(default=None, description="The server as it is now.")


@strawberry.type
class CertificateResolverQueries:
    @query(Action.READ, Noun.CERTIFICATE_RESOLVER, "All certificate resolvers, by name.")
    async def certificate_resolvers(self, info: Info) -> list[CertificateResolver]:
        return listed(info, lists.certificate_resolvers, CertificateResolver)

    @query(Action.READ, Noun.CERTIFICATE_RESOLVER, "The certificate resolver with this id; null: there is none.")
    async def certificate_resolver(self, info: Info, id: Id) -> CertificateResolver | None:
        return found(info, CertificateResolver, id)


@strawberry.type
class CertificateResolverMutations:
    @mutation(
        Action.CREATE, Noun.CERTIFICATE_RESOLVER, f"Make it known who else issues certificates by ACME. {_REPLACES}"
    )
    async def create_certificate_resolver(
        self, info: Info, input: Input[CreateCertificateResolverInput]
    ) -> CreateCertificateResolverPayload:
        given = {name: value for name, value in vars(input).items() if value is not None}
        row = await info.context.engine.resolvers.create(_told(given))
        return CreateCertificateResolverPayload(resolver=CertificateResolver.of(row))

    @mutation(
        Action.UPDATE,
        Noun.CERTIFICATE_RESOLVER,
        f"Change how an authority is asked. {_REPLACES} Certificates that are there stay.",
    )
    async def update_certificate_resolver(
        self, info: Info, input: Input[UpdateCertificateResolverInput]
    ) -> UpdateCertificateResolverPayload:
        key = local_id("CertificateResolver", input.resolver_id, field=_ID)
        given = changes(input, clearable={"email", "eab", "dns_delay"})
        row = await info.context.engine.resolvers.update(key, _told(given))
        return UpdateCertificateResolverPayload(resolver=CertificateResolver.of(row))

    @mutation(
        Action.REMOVE,
        Noun.CERTIFICATE_RESOLVER,
        f"Forget a resolver that nothing uses. {_REPLACES}",
    )
    async def remove_certificate_resolver(
        self, info: Info, input: Input[RemoveCertificateResolverInput]
    ) -> RemoveCertificateResolverPayload:
        await info.context.engine.resolvers.remove(local_id("CertificateResolver", input.resolver_id, field=_ID))
        return RemoveCertificateResolverPayload(removed_id=input.resolver_id)

    @mutation(
        Action.UPDATE,
        Noun.SERVER,
        "Have another resolver asked for the domains of a server that name none. All their certificates are ordered "
        "anew from it, and until each is there visitors see one that they cannot trust.",
    )
    async def set_default_resolver(
        self, info: Info, input: Input[SetDefaultResolverInput]
    ) -> SetDefaultResolverPayload:
        server = local_id("Server", input.server_id, field=("input", "serverId"))
        resolver = local_id("CertificateResolver", input.resolver_id, field=_ID)
        row = await info.context.engine.resolvers.set_default(server, resolver)
        return SetDefaultResolverPayload(server=Server.of(row))


def _told(given: dict[str, Any]) -> ResolverChanges:
    """What was written, as the engine takes it."""
    told = dict(given)
    if "email" in told:
        told["email"] = told["email"] or ""
    if told.get("eab") is not None:
        told["eab"] = told["eab"].told()
    if "dns_credentials" in told:
        told["dns_credentials"] = _credentials(told["dns_credentials"])
    if "certificate_duration" in told:
        told["certificate_hours"] = _hours(told.pop("certificate_duration"))
    if "dns_delay" in told:
        told["dns_delay_seconds"] = _seconds(told.pop("dns_delay"))
    return cast(ResolverChanges, told)


def _seconds(delay: timedelta | None) -> int | None:
    if delay is None:
        return None
    seconds, rest = divmod(delay, timedelta(seconds=1))
    if rest or seconds > _LONGEST_DELAY:
        raise InvalidInput("This is told in whole seconds, an hour at most.", field=("input", "dnsDelay"))
    return seconds


def _credentials(given: list[DnsCredentialInput]) -> dict[str, Secret]:
    found: dict[str, Secret] = {}
    for step, each in enumerate(given):
        if each.variable in found:
            place = ("input", "dnsCredentials", str(step), "variable")
            raise InvalidInput(f"{each.variable} is given twice.", field=place)
        found[each.variable] = each.value
    return found


def _hours(duration: timedelta) -> int:
    hours, rest = divmod(duration, timedelta(hours=1))
    if rest:
        raise InvalidInput("This is told in whole hours.", field=("input", "certificateDuration"))
    return hours
