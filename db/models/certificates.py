from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import JSON_COLUMN, id_column, moment_column, sealed_column


class CertificateSource(Enum):
    """Where a certificate comes from."""

    UPLOADED = "UPLOADED"
    """Somebody brought it, and has to bring the next one."""

    ACME = "ACME"
    """A resolver's authority issues it, and renews it in time."""


class CertificateState(Enum):
    """How far a certificate is."""

    PENDING = "PENDING"
    """It is wanted, and waits for its turn."""

    CHECKING = "CHECKING"
    """It is looked at whether the authority would find what it looks for."""

    ORDERING = "ORDERING"
    """The authority has been asked for it."""

    ISSUED = "ISSUED"
    """It is valid, and the proxy shows it."""

    RENEWING = "RENEWING"
    """It is valid, and the next one is being asked for."""

    EXPIRING = "EXPIRING"
    """It is valid for less than three weeks, and the next one should have been there."""

    FAILED = "FAILED"
    """There is none that is valid; the reason says why, and when it is tried again."""


class CertificateReason(Enum):
    """Why there is no certificate, or not the next one."""

    NAME_NOT_FOUND = "NAME_NOT_FOUND"
    """DNS has no address for the name."""

    POINTS_ELSEWHERE = "POINTS_ELSEWHERE"
    """DNS leads to an address where this proxy does not answer."""

    DNS_FAILURE = "DNS_FAILURE"
    """DNS gives no answer."""

    CAA_FORBIDS = "CAA_FORBIDS"
    """A CAA record of the domain does not allow this authority."""

    PORT_UNREACHABLE = "PORT_UNREACHABLE"
    """DNS leads here, but nobody gets through to the port that the authority asks at."""

    PROXY_NOT_RUNNING = "PROXY_NOT_RUNNING"
    """The proxy, which does the asking, does not run."""

    LIMIT_REACHED = "LIMIT_REACHED"
    """Enough has been asked of the authority for this domain; more would use up its limits."""

    REFUSED = "REFUSED"
    """The authority has refused; its words are in the problem."""

    AUTHORITY_UNREACHABLE = "AUTHORITY_UNREACHABLE"
    """The authority's directory does not answer."""

    NO_ANSWER = "NO_ANSWER"
    """The authority was asked, and neither issued nor refused in time."""

    NOT_SHOWN = "NOT_SHOWN"
    """The proxy shows another certificate for the name."""

    EXPIRED = "EXPIRED"
    """Its time is over."""


class Certificate(SQLModel, table=True):
    """A certificate, with those of its issuers, or that one is wanted. `key` is its private key.

    One by ACME is for the one name `host` on one server; `standing`: it is kept although no domain needs it.
    `warned_days` is the last warning of its end that was given: 21, 7 or 1.
    """

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("server_id", "host"),)

    id: str = id_column()
    team_id: str = Field(foreign_key="team.id", index=True)
    source: CertificateSource = CertificateSource.UPLOADED
    server_id: str | None = Field(default=None, foreign_key="server.id")
    host: str | None = None
    resolver_id: str | None = Field(default=None, foreign_key="certificate_resolver.id", index=True)
    standing: bool = False
    names: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    issuer: str = ""
    chain: str = ""
    key: str | None = sealed_column("certificate:{id}:key", default=None)
    not_before: datetime | None = None
    not_after: datetime | None = None

    state: CertificateState = CertificateState.PENDING
    reason: CertificateReason | None = None
    problem: str = ""
    failures: int = 0
    next_attempt_at: datetime | None = None
    state_since: datetime = moment_column()
    confirmed_at: datetime | None = None
    warned_days: int | None = None
    created_at: datetime = moment_column()


class CertificateOrder(SQLModel, table=True):
    """That an authority was asked for a certificate: what its limits are reckoned by. Kept for some days."""

    __tablename__ = "certificate_order"

    id: str = id_column()
    resolver_id: str = Field(foreign_key="certificate_resolver.id", index=True)
    host: str
    registered_domain: str = Field(index=True)
    failed: bool | None = None
    created_at: datetime = moment_column()
