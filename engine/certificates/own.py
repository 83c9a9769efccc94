"""What the database says of certificates that were brought, and of the names that they may be shown for."""

from sqlalchemy import BindParameter, bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col

from db.models import (
    Application,
    Certificate,
    CertificateSource,
    CertificateState,
    Domain,
    DomainName,
    Environment,
    Scheme,
    now,
)
from engine.certificates.shown import OwnCertificate, SecureName, Shown, shown

# Read for every change anywhere, as the routing table is, and therefore written down once.
_SERVER: BindParameter[str] = bindparam("server_id")
_NAMES = (
    columns(col(DomainName.host), col(Environment.team_id))
    .join(Domain, col(Domain.id) == col(DomainName.domain_id))
    .join(Application, col(Application.id) == col(Domain.application_id))
    .join(Environment, col(Environment.id) == col(Application.environment_id))
    .where(col(DomainName.server_id) == _SERVER, col(Domain.scheme) == Scheme.HTTPS)
)
_ORDERED = columns(col(Certificate.host), col(Certificate.team_id), col(Certificate.state)).where(
    col(Certificate.server_id) == _SERVER, col(Certificate.source) == CertificateSource.ACME
)
# In these the proxy has one by ACME, or is told to get it.
_IN_THE_PROXY = (
    CertificateState.ORDERING,
    CertificateState.ISSUED,
    CertificateState.RENEWING,
    CertificateState.EXPIRING,
)
_BROUGHT = columns(
    col(Certificate.id),
    col(Certificate.team_id),
    col(Certificate.names),
    col(Certificate.not_after),
    col(Certificate.chain),
    col(Certificate.key),
).where(
    col(Certificate.source) == CertificateSource.UPLOADED,
    col(Certificate.key).is_not(None),
    col(Certificate.not_after) > bindparam("at"),
)


def own_certificates_of(session: Session, server_id: str) -> Shown:
    """Which certificates the HTTP proxy of a server is to show for which of its names, as of this transaction."""
    brought = [
        OwnCertificate(key, team_id, tuple(names), not_after, chain, sealed)
        for key, team_id, names, not_after, chain, sealed in session.execute(_BROUGHT, {"at": now()})
    ]
    return shown(brought, secure_names(session, server_id)) if brought else Shown({}, {}, ())


def secure_names(session: Session, server_id: str) -> list[SecureName]:
    """The names that teams serve over HTTPS on a server, and those for which there is one by ACME, by host."""
    asked = {"server_id": server_id}
    ordered = [(host, team_id, state) for host, team_id, state in session.execute(_ORDERED, asked) if host]
    provided = {(host, team_id) for host, team_id, state in ordered if state in _IN_THE_PROXY}
    teams = {host: team_id for host, team_id, _ in ordered}
    teams |= {host: team_id for host, team_id in session.execute(_NAMES, asked) if host}
    return [SecureName(host, team_id, (host, team_id) in provided) for host, team_id in sorted(teams.items())]
