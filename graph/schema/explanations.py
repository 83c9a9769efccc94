from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.certificates.checks import Outcome
from engine.explanations import values
from engine.explanations.values import StepKind
from graph import loaders
from graph.enums import described
from graph.schema.certificates import Certificate
from graph.schema.domains import Domain
from graph.schema.loaded import loaded
from graph.schema.rows import of_row

if TYPE_CHECKING:
    from graph.schema.applications import Application

described(
    StepKind,
    "What a request meets.",
    DNS="Where DNS leads the name.",
    PORT="The port of the proxy.",
    ROUTER="What the proxy takes the request for: which domain it is for.",
    REDIRECT="A redirect.",
    MIDDLEWARE="What a domain does with its requests before they come to the application.",
    CERTIFICATE="The certificate that visitors are shown.",
    APPLICATION="The application, or the page in its place.",
    CONTAINER="The application's containers.",
    HEALTH="The health of these containers.",
)


@strawberry.type(description="One thing that a request meets.")
class ExplanationStep:
    kind: StepKind = strawberry.field(description="What it is.")
    outcome: Outcome = strawberry.field(description="How it turns out for this request.")
    message: str = strawberry.field(description="A sentence about it, with what to do where something is wrong.")


@strawberry.type(description="A domain that was considered for a request.")
class ExplanationCandidate:
    domain_id: strawberry.Private[str]
    acts: bool = strawberry.field(description="Whether the request is for this domain.")
    message: str = strawberry.field(description="Why it is, or why it is not.")

    domain: Domain | None = loaded("The domain; null: it has gone meanwhile.", loaders.domain, "domain_id")


@strawberry.type(description="What happens to a request for a URL, and why, as of now.")
class UrlExplanation:
    domain_id: strawberry.Private[str | None]
    application_id: strawberry.Private[str | None]
    certificate_id: strawberry.Private[str | None]
    outcome: Outcome = strawberry.field(description="Whether all is well.")
    verdict: str = strawberry.field(
        description="The first thing that is wrong, in one sentence with what to do, or that all is well."
    )
    steps: list[ExplanationStep] = strawberry.field(description="What the request meets, in this order.")
    candidates: list[ExplanationCandidate] = strawberry.field(
        description="The domain that the request is for, and those that it nearly was for, at most 10, the likeliest "
        "first."
    )
    status: int | None = strawberry.field(
        description="The status that the proxy answers a GET with which comes through to it; null: the application "
        "answers, or it depends on who asks, or you may not see it."
    )
    location: str | None = strawberry.field(description="Where a redirect leads; null: there is none.")
    served: bool = strawberry.field(
        description="Whether the application itself answers a request that comes through."
    )

    @classmethod
    def of(cls, found: values.Explanation) -> "UrlExplanation":
        steps = [of_row(ExplanationStep, each) for each in found.steps]
        candidates = [of_row(ExplanationCandidate, each) for each in found.candidates]
        return of_row(cls, found, steps=steps, candidates=candidates)

    domain: Domain | None = loaded(
        "The domain that the request is for; null: none that you may see.", loaders.domain, "domain_id"
    )

    application: Annotated["Application", strawberry.lazy("graph.schema.applications")] | None = loaded(
        "The application that the domain leads to; null: none that you may see.",
        loaders.application,
        "application_id",
    )

    certificate: Certificate | None = loaded(
        "The certificate for the name, of an https URL; null: none that you may see.",
        loaders.certificate,
        "certificate_id",
    )
