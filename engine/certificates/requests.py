"""Certificates that somebody brings: checked, kept, taken away again. Their private keys are never shown."""

from cryptography import x509
from sqlmodel import Session, select

from db.models import Certificate, CertificateSource, CertificateState, EventKind, TcpProxy, now
from db.sessions import Sessions
from engine.accounts.teams import team_of
from engine.errors import Conflict, InvalidInput, NotFound
from engine.events import record
from engine.proxy.tcp import certificate as pem
from engine.secret_places import certificate_place
from engine.secrets import Cipher, Secret

_MAX_BYTES = 64 * 1024


class Certificates:
    """What the API may do to certificates."""

    def __init__(self, sessions: Sessions, cipher: Cipher) -> None:
        self._sessions = sessions
        self._cipher = cipher

    async def upload(self, team_id: str, chain: str, key: Secret) -> Certificate:
        """Keep a certificate with those of its issuers, and its private key, as PEM, for a team.

        Raises `InvalidInput`, and `NotFound` for a team that there is not.
        """
        return await self._sessions.write(self._upload, team_id, chain, key)

    async def remove(self, certificate_id: str) -> None:
        """Raises `NotFound`, and `Conflict` while it is in use."""
        await self._sessions.write(_remove, certificate_id)

    def _upload(self, session: Session, team_id: str, chain: str, key: Secret) -> Certificate:
        team_of(session, team_id)
        leaf = _leaf(chain, key)
        row = Certificate(
            team_id=team_id,
            source=CertificateSource.UPLOADED,
            state=CertificateState.ISSUED,
            names=_names(leaf),
            issuer=leaf.issuer.rfc4514_string(),
            chain=chain,
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
        )
        row.key = self._cipher.encrypt(key, certificate_place(row.id))
        session.add(row)
        _tell(session, EventKind.CREATED, row)
        return row


def _leaf(chain: str, key: Secret) -> x509.Certificate:
    for field, text in (("chain", chain), ("key", key.reveal())):
        if len(text.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
            raise InvalidInput("That is longer than 64 KiB, and no PEM of a certificate.", field=("input", field))
        if not text.isascii():
            raise InvalidInput("PEM is made of plain letters, digits and signs.", field=("input", field))
    if problem := pem.unusable_certificate(pem.Certificate(chain, key)):
        raise InvalidInput(problem, field=("input", "key" if "private key" in problem else "chain"))
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    if leaf.not_valid_after_utc <= now():
        sentence = f"The certificate has expired on {leaf.not_valid_after_utc:%Y-%m-%d}."
        raise InvalidInput(sentence, field=("input", "chain"))
    return leaf


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise InvalidInput(
            "The certificate names no host: clients look for its subject alternative names.", field=("input", "chain")
        ) from None
    addresses = (str(each) for each in names.get_values_for_type(x509.IPAddress))
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _remove(session: Session, certificate_id: str) -> None:
    row = session.get(Certificate, certificate_id)
    if row is None:
        raise NotFound("There is no such certificate.", field=("input", "certificateId"))
    if session.exec(select(TcpProxy.id).where(TcpProxy.certificate_id == certificate_id)).first():
        raise Conflict(
            "A TCP proxy shows this certificate; give it another one first.", field=("input", "certificateId")
        )
    session.delete(row)
    _tell(session, EventKind.REMOVED, row)


def _tell(session: Session, kind: EventKind, row: Certificate) -> None:
    record(session, kind, "Certificate", row.id, team_id=row.team_id, data={"name": ", ".join(row.names)})
