from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel

from db.models.columns import id_column, moment_column, sealed_column


class Challenge(Enum):
    """How an authority is shown that a name is ours."""

    HTTP_01 = "HTTP_01"
    """It asks for a file over plain HTTP, on port 80."""

    TLS_ALPN_01 = "TLS_ALPN_01"
    """It shakes hands over TLS, on port 443."""

    DNS_01 = "DNS_01"
    """It looks for a TXT record, which a provider of DNS makes for us. The only one for wildcards."""


class KeyType(Enum):
    """What the private keys of certificates are."""

    EC256 = "EC256"
    EC384 = "EC384"
    RSA2048 = "RSA2048"
    RSA4096 = "RSA4096"


class CertificateResolver(SQLModel, table=True):
    """Somebody who issues certificates by ACME, and how they are asked.

    `builtin` names one that every installation has. `ca_certificates` are the PEM of who signs the directory's own
    certificate, "" for the usual ones. `dns_credentials` is a JSON object: the provider's variables and their values;
    `dns_delay_seconds` is how long its records take, None where DNS is asked for them until they are there.
    `certificate_hours`: for how long its certificates are valid, by which it is decided when they are renewed.
    """

    __tablename__ = "certificate_resolver"

    id: str = id_column()
    name: str = Field(unique=True)
    builtin: str | None = Field(default=None, unique=True)
    directory_url: str
    ca_certificates: str = ""
    email: str = ""
    key_type: KeyType = KeyType.EC256
    challenge: Challenge = Challenge.HTTP_01
    eab_key_id: str = ""
    eab_hmac_key: str | None = sealed_column("certificate_resolver:{id}:eab", default=None)
    dns_provider: str = ""
    dns_credentials: str | None = sealed_column("certificate_resolver:{id}:dns", default=None)
    dns_delay_seconds: int | None = None
    profile: str = ""
    certificate_hours: int = 2160
    created_at: datetime = moment_column()
