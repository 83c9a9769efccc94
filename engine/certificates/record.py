"""What is said of certificates."""

from datetime import datetime

from sqlmodel import Session

from db.models import Certificate, CertificateReason, CertificateState, EventKind, now
from engine.events import record


def become(
    session: Session,
    row: Certificate,
    state: CertificateState,
    reason: CertificateReason | None = None,
    problem: str = "",
    next_at: datetime | None = None,
) -> None:
    """Write down how far a certificate is. An event tells of it, unless nothing else than `next_at` has changed."""
    before = (row.state, row.reason, row.problem, row.not_after)
    if row.state is not state:
        row.state_since = now()
    changed = before != (state, reason, problem, row.not_after) or state is CertificateState.ISSUED
    row.state, row.reason, row.problem, row.next_attempt_at = state, reason, problem, next_at
    session.add(row)
    if not changed:
        return
    data = {
        "state": state.value,
        "reason": reason.value if reason else None,
        "problem": problem,
        "nextAttemptAt": next_at.isoformat() if next_at else None,
        "notAfter": row.not_after.isoformat() if row.not_after else None,
    }
    tell(session, EventKind.CERTIFICATE_STATE, row, **data)


def tell(session: Session, kind: EventKind, row: Certificate, **data: object) -> None:
    """Record an event about a certificate."""
    told = {"name": row.host or ", ".join(row.names)} | data
    record(session, kind, "Certificate", row.id, server_id=row.server_id, team_id=row.team_id, data=told)
