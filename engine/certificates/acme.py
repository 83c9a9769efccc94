"""What the database says of certificates by ACME, as the proxy is told of it."""

from sqlalchemy import BindParameter, bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col

from db.models import Certificate, CertificateSource, CertificateState
from engine.proxy.tls import AcmeCertificate

_ROUTED = {
    CertificateState.ORDERING,
    CertificateState.ISSUED,
    CertificateState.RENEWING,
    CertificateState.EXPIRING,
}
_SERVER: BindParameter[str] = bindparam("server_id")
_ROWS = (
    columns(col(Certificate.id), col(Certificate.host), col(Certificate.resolver_id), col(Certificate.state))
    .where(
        col(Certificate.server_id) == _SERVER,
        col(Certificate.source) == CertificateSource.ACME,
        col(Certificate.resolver_id).is_not(None),
    )
    .order_by(col(Certificate.id))
)


def acme_certificates(session: Session, server_id: str) -> tuple[AcmeCertificate, ...]:
    """Those of a server; they have routers from the moment they are ordered until that has failed."""
    return tuple(
        AcmeCertificate(id, host, resolver_id, state in _ROUTED, state is CertificateState.ORDERING)
        for id, host, resolver_id, state in session.execute(_ROWS, {"server_id": server_id})
    )
