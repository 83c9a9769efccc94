from datetime import datetime, timedelta

import strawberry

from db.models import Challenge, KeyType
from engine.accounts.addresses import EmailAddress
from graph.enums import described
from graph.ids import Node
from graph.schema.rows import View, made, node_id

described(
    Challenge,
    "How an authority is shown that a name is ours.",
    HTTP_01="It asks for a file over plain HTTP, on port 80 of the name.",
    TLS_ALPN_01="It shakes hands over TLS, on port 443 of the name.",
    DNS_01="It looks for a TXT record, which a provider of DNS makes for us. The only one for wildcards, and "
    "for names that cannot be reached from outside.",
)
described(
    KeyType,
    "What the private keys of certificates are.",
    EC256="An elliptic curve of 256 bits: small, fast, and good everywhere.",
    EC384="An elliptic curve of 384 bits.",
    RSA2048="RSA with 2048 bits, for very old clients.",
    RSA4096="RSA with 4096 bits.",
)


@strawberry.type(
    description="Somebody who issues certificates by ACME, and how they are asked. Its secrets cannot be read."
)
class CertificateResolver(View, Node):
    id: strawberry.ID = node_id("CertificateResolver")
    name: str = strawberry.field(description="What people call it.")
    is_built_in: bool = made(
        "Whether every installation has it: Let's Encrypt, for production and for trying things out.",
        lambda kind: kind is not None,
        "builtin",
    )
    directory_url: str = strawberry.field(description="Where its ACME directory is.")
    ca_certificates: str = strawberry.field(
        description="Who may have signed the certificate of its directory, as PEM; empty: the usual authorities."
    )
    email: EmailAddress | None = made(
        "Whom the authority may write to; null: nobody. Without one the proxy makes itself a new "
        "account with the authority each time that it starts.",
        lambda email: email or None,
        "email",
    )
    key_type: KeyType = strawberry.field(description="What the private keys are.")
    challenge: Challenge = strawberry.field(description="How it is shown that a name is ours.")
    eab_key_id: str = strawberry.field(description="The id of the key of an account made elsewhere; empty: none.")
    dns_provider: str = strawberry.field(description="Who makes the TXT records for DNS_01; empty otherwise.")
    has_dns_credentials: bool = made(
        "Whether the provider is given credentials.", lambda sealed: sealed is not None, "dns_credentials"
    )
    dns_delay: timedelta | None = made(
        "How long its records take to be seen; null: DNS is asked for them until they are there.",
        lambda seconds: None if seconds is None else timedelta(seconds=seconds),
        "dns_delay_seconds",
    )
    profile: str = strawberry.field(description="Which kind of certificate is asked for; empty: the usual one.")
    certificate_duration: timedelta = made(
        "For how long its certificates are valid, by which it is decided when the next one is asked for.",
        lambda hours: timedelta(hours=hours),
        "certificate_hours",
    )
    created_at: datetime = strawberry.field(description="When it was made.")
