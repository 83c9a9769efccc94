"""How far a certificate by ACME is: each step is written down, with an event, before the next is taken."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from sqlmodel import Session, col, func, or_, select

from db.models import (
    Certificate,
    CertificateReason,
    CertificateResolver,
    CertificateSource,
    CertificateState,
    now,
)
from db.sessions import Sessions
from engine.certificates.budget import free_from, note_order, note_outcome
from engine.certificates.complaints import Complaint
from engine.certificates.pauses import pause_after
from engine.certificates.record import become
from engine.certificates.renewal import is_late, next_look, renewal_starts
from engine.certificates.storage import Stored
from engine.errors import NotFound, NotNow
from engine.secret_places import certificate_place
from engine.secrets import Cipher

UNDER_WAY = (CertificateState.PENDING, CertificateState.CHECKING, CertificateState.ORDERING)
VALID = (CertificateState.ISSUED, CertificateState.RENEWING, CertificateState.EXPIRING)


class Orders:
    """What the API may do to certificates by ACME."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def retry(self, certificate_id: str) -> Certificate:
        """Have one that has failed tried at once. Raises `NotFound`, and `NotNow` where there is nothing to try."""
        return await self._sessions.write(_retry, certificate_id)


@dataclass(frozen=True, slots=True)
class Turn:
    """A certificate whose turn it is, and who is asked for it."""

    row: Certificate
    resolver: CertificateResolver | None

    @property
    def hours(self) -> int:
        return self.resolver.certificate_hours if self.resolver else 0

    @property
    def has_expired(self) -> bool:
        """There was one, and Traefik has not got the next: it goes on trying, and knows of no other way."""
        return self.row.state is CertificateState.FAILED and self.row.reason is CertificateReason.EXPIRED


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is to be looked after now, and when there is more. `any`: whether there are any by ACME at all."""

    due: tuple[str, ...]
    next_at: datetime | None
    any: bool


def agenda(session: Session, server_id: str, at: datetime) -> Agenda:
    """What a server's certificates need."""
    ours = (Certificate.server_id == server_id, Certificate.source == CertificateSource.ACME)
    due = select(Certificate.id).where(
        *ours, or_(col(Certificate.state).in_(UNDER_WAY), col(Certificate.next_attempt_at) <= at)
    )
    later = select(func.min(Certificate.next_attempt_at)).where(*ours, col(Certificate.next_attempt_at) > at)
    present = session.exec(select(Certificate.id).where(*ours)).first() is not None
    return Agenda(tuple(session.exec(due)), session.exec(later).one(), present)


def turn_of(session: Session, certificate_id: str) -> Turn | None:
    """The certificate, if there is anything to do for it now."""
    row = session.get(Certificate, certificate_id)
    if row is None or row.source is not CertificateSource.ACME:
        return None
    if row.state not in UNDER_WAY and (row.next_attempt_at is None or row.next_attempt_at > now()):
        return None
    return Turn(row, session.get(CertificateResolver, row.resolver_id) if row.resolver_id else None)


def still(session: Session, turn: Turn) -> Certificate | None:
    """The row, as long as it is what it was, and wanted from the same resolver."""
    row = session.get(Certificate, turn.row.id)
    alike = row is not None and (row.state, row.resolver_id) == (turn.row.state, turn.row.resolver_id)
    return row if alike else None


def check(session: Session, turn: Turn) -> Turn | None:
    """It is looked at whether the authority would find what it looks for."""
    row = still(session, turn)
    if row is None:
        return None
    if row.state is not CertificateState.CHECKING:
        become(session, row, CertificateState.CHECKING, row.reason, row.problem)
    return Turn(row, turn.resolver)


def order(session: Session, turn: Turn) -> Turn | None:
    """The authority is going to be asked. None where its limits would be used up: then it is told when it goes on."""
    row = still(session, turn)
    if row is None or row.resolver_id is None or row.host is None:
        return None
    if free := free_from(session, row.resolver_id, row.host):
        become(session, row, CertificateState.FAILED, CertificateReason.LIMIT_REACHED, _used_up(free), free)
        return None
    note_order(session, row.resolver_id, row.host)
    become(session, row, CertificateState.ORDERING, row.reason, row.problem)
    return Turn(row, turn.resolver)


def fail(session: Session, turn: Turn, reason: CertificateReason, problem: str) -> bool:
    """There is none, and why; it is tried again after a pause."""
    row = still(session, turn)
    if row is None:
        return False
    if row.state is CertificateState.ORDERING and row.resolver_id and row.host:
        asked = reason is not CertificateReason.AUTHORITY_UNREACHABLE
        note_outcome(session, row.resolver_id, row.host, failed=True if asked else None)
    row.failures = row.failures + 1 if row.reason is reason else 1
    again = now() + pause_after(reason, row.failures)
    become(session, row, CertificateState.FAILED, reason, problem, again)
    return True


def issue(session: Session, turn: Turn, stored: Stored, cipher: Cipher) -> bool:
    """It is there, and the proxy shows it."""
    row, leaf = still(session, turn), stored.leaf
    if row is None or row.host is None:
        return False
    if row.state in (*VALID, CertificateState.ORDERING) or turn.has_expired:
        note_outcome(session, row.resolver_id or stored.resolver_id, row.host, failed=False)
    row.names, row.issuer, row.chain = names_of(leaf), leaf.issuer.rfc4514_string(), stored.chain
    row.key = cipher.encrypt(stored.key, certificate_place(row.id))
    row.not_before, row.not_after = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    row.failures, row.confirmed_at, row.warned_days = 0, now(), None
    become(session, row, CertificateState.ISSUED, next_at=renewal_starts(row, turn.hours))
    return True


def wait_for_next(session: Session, turn: Turn) -> bool:
    """The next one is asked for, and is not there yet; whether it is late."""
    row, at = still(session, turn), now()
    if row is None or row.not_after is None:
        return False
    again = next_look(row, turn.hours, at)
    if at >= row.not_after:
        problem = row.problem or f"It has expired on {row.not_after:%Y-%m-%d}, and no next one has come."
        become(session, row, CertificateState.FAILED, CertificateReason.EXPIRED, problem, again)
    else:
        late = is_late(row, turn.hours, at)
        state = CertificateState.EXPIRING if late else CertificateState.RENEWING
        become(session, row, state, row.reason, row.problem, again)
    return True


def note_complaint(session: Session, server_id: str, complaint: Complaint) -> None:
    """Write down a failure that nobody waited for: of a renewal, or of one more order than was asked for."""
    query = select(Certificate).where(
        Certificate.server_id == server_id,
        Certificate.host == complaint.host,
        Certificate.resolver_id == complaint.resolver_id,
    )
    asked = complaint.reason is not CertificateReason.AUTHORITY_UNREACHABLE
    if asked and session.get(CertificateResolver, complaint.resolver_id) is not None:
        note_order(session, complaint.resolver_id, complaint.host, failed=True)
    row = session.exec(query).first()
    if row is not None and complaint.renewal and row.state in VALID:
        become(session, row, row.state, complaint.reason, complaint.problem, row.next_attempt_at)


def look_now(session: Session, server_id: str, host: str) -> None:
    """Have it seen at once whether the next one is there."""
    query = select(Certificate).where(Certificate.server_id == server_id, Certificate.host == host)
    row = session.exec(query).first()
    if row is not None and row.state in VALID:
        row.next_attempt_at = now()
        session.add(row)


def _retry(session: Session, certificate_id: str) -> Certificate:
    field = ("input", "certificateId")
    row = session.get(Certificate, certificate_id)
    if row is None:
        raise NotFound("There is no such certificate.", field=field)
    if row.source is not CertificateSource.ACME or row.resolver_id is None or row.host is None:
        raise NotNow("Somebody brought this certificate; bring another one.", field=field)
    if row.state is not CertificateState.FAILED or row.reason is CertificateReason.EXPIRED:
        raise NotNow("Nothing has failed: the certificate is there, or on its way.", field=field)
    if free := free_from(session, row.resolver_id, row.host):
        raise NotNow(_used_up(free), field=field)
    become(session, row, CertificateState.PENDING, row.reason, row.problem)
    return row


def names_of(leaf: x509.Certificate) -> list[str]:
    """The hosts that a certificate is for."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return found.get_values_for_type(x509.DNSName)


def _used_up(free: datetime) -> str:
    return f"Enough certificates were asked for this domain lately; it goes on at {free:%Y-%m-%d %H:%M} UTC."
