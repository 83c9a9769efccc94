"""Which names need a certificate from an authority: those of HTTPS domains that none which was brought covers."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import (
    Application,
    Certificate,
    CertificateResolver,
    CertificateSource,
    CertificateState,
    Challenge,
    Domain,
    DomainName,
    Environment,
    EventKind,
    Scheme,
    Server,
    TcpProxy,
    now,
)
from engine.certificates.own import own_certificates_of
from engine.domains.names import is_wildcard
from engine.errors import InvalidInput
from engine.events import record


@dataclass(frozen=True, slots=True)
class Need:
    """Whose name it is, and who is asked for its certificate; None: nobody is, for there is no resolver."""

    team_id: str
    resolver_id: str | None


def settle_certificates(session: Session, server_id: str) -> list[str]:
    """Make rows of the certificates that the names of this server need, and remove those that nothing needs.

    Belongs at the end of every transaction that changes a domain, an uploaded certificate, what a TCP proxy shows, or
    which resolver is the default. Gives the ids of what it made, removed, or will have come from another resolver.
    An event tells of each: whoever orders hears of it by that.
    """
    session.flush()
    needs = needs_of(session, server_id)
    rows = {row.host or "": row for row in session.exec(_ACME.where(Certificate.server_id == server_id))}
    touched = []
    for host, row in sorted(rows.items()):
        need = needs.get(host)
        if (need is None or need.team_id != row.team_id) and not _held(session, row):
            touched.append(row.id)
            forget_certificate(session, row)
            del rows[host]
    session.flush()
    for host, need in sorted(needs.items()):
        if host not in rows:
            touched.append(_make(session, server_id, host, need).id)
        elif rows[host].resolver_id != need.resolver_id and rows[host].team_id == need.team_id:
            touched.append(_ask_another(session, rows[host], need.resolver_id).id)
    session.flush()
    return touched


def needs_of(session: Session, server_id: str) -> dict[str, Need]:
    """The names of a server for which a certificate is to be ordered, by host."""
    default = session.get_one(Server, server_id).default_resolver_id
    query = (
        select(DomainName.host, Domain.resolver_id, Environment.team_id)
        .join(Domain, col(Domain.id) == col(DomainName.domain_id))
        .join(Application, col(Application.id) == col(Domain.application_id))
        .join(Environment, col(Environment.id) == col(Application.environment_id))
        .where(DomainName.server_id == server_id, Domain.scheme == Scheme.HTTPS)
        .order_by(col(Domain.id).desc())
    )
    needs: dict[str, Need] = {}
    found = sorted(
        session.exec(query), key=lambda row: row[1] is not None
    )  # who names a resolver comes last, and wins
    brought = own_certificates_of(session, server_id).by_host if found else {}
    for host, resolver_id, team_id in found:
        if host not in brought:
            needs[host] = Need(team_id, resolver_id or default)
    return needs


def check_wildcard(session: Session, domain: Domain) -> None:
    """Raises `InvalidInput` for a wildcard over HTTPS that nobody could give a certificate for."""
    session.flush()
    if domain.host in wildcards_without_dns(session, domain.server_id):
        raise InvalidInput(
            "Authorities give certificates for wildcards by the challenge DNS-01 only: name a resolver that uses it, "
            f"or first upload a certificate for {domain.host}.",
            field=("input", "url"),
        )


def wildcards_without_dns(session: Session, server_id: str) -> list[str]:
    """The wildcards of a server for which somebody would be asked who does not use DNS-01."""
    wildcards = {host: need for host, need in needs_of(session, server_id).items() if is_wildcard(host)}
    if not wildcards:
        return []
    query = select(CertificateResolver.id).where(CertificateResolver.challenge == Challenge.DNS_01)
    able = set(session.exec(query))
    return sorted(host for host, need in wildcards.items() if need.resolver_id not in able)


def forget_certificate(session: Session, row: Certificate) -> None:
    """Delete a certificate, with an event."""
    _tell(session, EventKind.REMOVED, row)
    session.delete(row)


_ACME = select(Certificate).where(Certificate.source == CertificateSource.ACME)


def _held(session: Session, row: Certificate) -> bool:
    shown = select(TcpProxy.id).where(TcpProxy.certificate_id == row.id)
    return row.standing or session.exec(shown).first() is not None


def _make(session: Session, server_id: str, host: str, need: Need) -> Certificate:
    row = Certificate(
        team_id=need.team_id,
        source=CertificateSource.ACME,
        server_id=server_id,
        host=host,
        resolver_id=need.resolver_id,
        names=[host],
    )
    session.add(row)
    _tell(session, EventKind.CREATED, row)
    return row


def _ask_another(session: Session, row: Certificate, resolver_id: str | None) -> Certificate:
    """Have the next certificate for the name come from another resolver, as soon as can be; the one it has stays."""
    row.resolver_id = resolver_id
    row.state, row.state_since = CertificateState.PENDING, now()
    row.reason, row.problem, row.failures, row.next_attempt_at = None, "", 0, None
    session.add(row)
    _tell(session, EventKind.UPDATED, row, changed=["resolver"])
    return row


def _tell(session: Session, kind: EventKind, row: Certificate, **data: object) -> None:
    told = {"name": ", ".join(row.names)} | data
    record(session, kind, "Certificate", row.id, server_id=row.server_id, team_id=row.team_id, data=told)
