from datetime import datetime, timedelta

import strawberry

from db import models
from db.models import Challenge, KeyType
from engine.accounts.addresses import EmailAddress
from graph.enums import described
from graph.ids import Node, global_id
from graph.schema.rows import of_row

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
class CertificateResolver(Node):
    name: str = strawberry.field(description="What people call it.")
    is_built_in: bool = strawberry.field(
        description="Whether every installation has it: Let's Encrypt, for production and for trying things out."
    )
    directory_url: str = strawberry.field(description="Where its ACME directory is.")
    ca_certificates: str = strawberry.field(
        description="Who may have signed the certificate of its directory, as PEM; empty: the usual authorities."
    )
    email: EmailAddress | None = strawberry.field(
        description="Whom the authority may write to; null: nobody. Without one the proxy makes itself a new "
        "account with the authority each time that it starts."
    )
    key_type: KeyType = strawberry.field(description="What the private keys are.")
    challenge: Challenge = strawberry.field(description="How it is shown that a name is ours.")
    eab_key_id: str = strawberry.field(description="The id of the key of an account made elsewhere; empty: none.")
    dns_provider: str = strawberry.field(description="Who makes the TXT records for DNS_01; empty otherwise.")
    has_dns_credentials: bool = strawberry.field(description="Whether the provider is given credentials.")
    dns_delay: timedelta | None = strawberry.field(
        description="How long its records take to be seen; null: DNS is asked for them until they are there."
    )
    profile: str = strawberry.field(description="Which kind of certificate is asked for; empty: the usual one.")
    certificate_duration: timedelta = strawberry.field(
        description="For how long its certificates are valid, by which it is decided when the next one is asked for."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.CertificateResolver) -> "CertificateResolver":
        return of_row(
            cls,
            row,
            id=global_id("CertificateResolver", row.id),
            is_built_in=row.builtin is not None,
            email=row.email or None,
            has_dns_credentials=row.dns_credentials is not None,
            dns_delay=None if row.dns_delay_seconds is None else timedelta(seconds=row.dns_delay_seconds),
            certificate_duration=timedelta(hours=row.certificate_hours),
        )
