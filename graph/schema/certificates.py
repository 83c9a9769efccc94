from datetime import datetime

import strawberry

import graph.schema.certificate_enums  # noqa: F401  describes what is used here
from db.models import CertificateReason, CertificateSource, CertificateState
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.loaded import loaded
from graph.schema.rows import View, node_id

described(
    CertificateSource,
    "Where a certificate comes from.",
    UPLOADED="Somebody brought it, and has to bring the next one.",
    ACME="The authority of a resolver issues it, and the next one in time.",
)
described(
    CertificateState,
    "How far a certificate is.",
    PENDING="It is wanted, and waits for its turn.",
    CHECKING="It is looked at whether the authority would find what it looks for.",
    ORDERING="The authority has been asked for it.",
    ISSUED="It is valid, and the proxy shows it.",
    RENEWING="It is valid, and the next one is being asked for.",
    EXPIRING="It is valid, and the next one should have been there.",
    FAILED="There is none that is valid; the reason says why, and nextAttemptAt when it is tried again.",
)


@strawberry.type(
    description="A certificate that somebody brought, or that an authority issues. Its private key cannot be read."
)
class Certificate(View, Node):
    id: strawberry.ID = node_id("Certificate")
    source: CertificateSource = strawberry.field(description="Where it comes from.")
    state: CertificateState = strawberry.field(description="How far it is.")
    state_since: datetime = strawberry.field(description="Since when it is so.")
    reason: CertificateReason | None = strawberry.field(description="Why there is none, or no next one; else null.")
    problem: str = strawberry.field(
        description="The reason as a sentence, in the words of the authority where it has refused; else empty."
    )
    next_attempt_at: datetime | None = strawberry.field(
        description="When something is done for it next: it is tried again, or the next one is asked for; null: at "
        "once, or never, for one that was brought."
    )
    confirmed_at: datetime | None = strawberry.field(
        description="When a handshake through the proxy last showed that it is there; null: not yet."
    )
    names: list[str] = strawberry.field(description="The hosts that it is for.")
    issuer: str = strawberry.field(description="Who has signed it; empty as long as there is none.")
    chain: str = strawberry.field(description="It, and the certificates of its issuers, as PEM.")
    not_before: datetime | None = strawberry.field(description="From when on it is valid.")
    not_after: datetime | None = strawberry.field(description="Until when it is valid.")
    created_at: datetime = strawberry.field(description="When it was brought, or first wanted.")
    resolver: CertificateResolver | None = loaded(
        "Who is asked for it; null for one that was brought.", loaders.certificate_resolver, "resolver_id"
    )
