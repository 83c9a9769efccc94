from ipaddress import IPv4Address
from typing import Annotated

import strawberry

from engine.names import HostAddress
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation, query
from graph.schema.checks import DomainCheck, NameCheck
from graph.schema.explanations import UrlExplanation

_URL = "What somebody asks for, as https://shop.example.com/cart?item=1."
_VISITOR = "From where they ask; it matters where a domain lets in only some networks."


@strawberry.input(description="What checkDomain needs.")
class CheckDomainInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain to look at.")


@strawberry.type(description="What checkDomain found.")
class CheckDomainPayload(Payload):
    check: DomainCheck | None = strawberry.field(default=None, description="What was found.")


@strawberry.type
class ExplanationQueries:
    @query(
        Action.READ,
        Noun.DOMAIN,
        "What happens to a request for a URL, and why: what it meets on its way, and the first thing that is wrong, "
        "as of now; takes some seconds at most. Of what you may not see it tells only that there is something.",
    )
    async def explain_url(
        self,
        info: Info,
        url: Annotated[str, strawberry.argument(description=_URL)],
        visitor: Annotated[HostAddress | None, strawberry.argument(description=_VISITOR)] = None,
    ) -> UrlExplanation:
        address = IPv4Address(visitor) if visitor else None
        authority = info.context.viewer.authority
        return UrlExplanation.of(await info.context.engine.explanations.explain(authority, url, address))


@strawberry.type
class ExplanationMutations:
    @mutation(
        Action.UPDATE,
        Noun.DOMAIN,
        "Look at all names of a domain: whether DNS leads them to this proxy, whether a certificate could be had. "
        "Then what certificates wait for is tried again at once.",
    )
    async def check_domain(self, info: Info, input: Input[CheckDomainInput]) -> CheckDomainPayload:
        key = local_id("Domain", input.domain_id, field=("input", "domainId"))
        reports = await info.context.engine.domain_checks.check(key)
        return CheckDomainPayload(check=DomainCheck(names=[NameCheck.of(each) for each in reports]))
