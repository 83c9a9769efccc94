"""The end of certificates: warnings in time, each once, and the word when it is over. One alarm for all of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from db.models import (
    Certificate,
    CertificateReason,
    CertificateSource,
    CertificateState,
    Event,
    EventKind,
    Server,
    now,
)
from db.sessions import Sessions
from engine.certificates.record import become, tell
from engine.certificates.wanted import settle_certificates

WARNINGS = (21, 7, 1)
"""Days before the end, the first warning first."""

_LONGEST_SLEEP = timedelta(hours=1)  # the clock of the host may be set meanwhile


@dataclass(frozen=True, slots=True)
class Ending:
    """When a certificate ends, and the last warning that was given of it: days before the end, or 0 for the end."""

    id: str
    not_before: datetime
    not_after: datetime
    warned: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be said now, by certificate: days before the end, or 0 where it has come; and when to look again."""

    warnings: dict[str, int]
    next_at: datetime | None


def due(certificates: Iterable[Ending], at: datetime) -> Due:
    """What is due of these certificates at this moment, and when next something will be.

    A warning is not given of one that is made for less than twice as long. Of several that have been missed only the
    last is due.
    """
    warnings: dict[str, int] = {}
    later: list[datetime] = []
    for each in certificates:
        moments = {days: each.not_after - timedelta(days=days) for days in (*_warnings_for(each), 0)}
        past = [days for days, moment in moments.items() if moment <= at]
        # One that was given too early for this end was given of another: it has been renewed since.
        if past and (each.warned not in past or min(past) < each.warned):
            warnings[each.id] = min(past)
        later += (moment for moment in moments.values() if moment > at)
    return Due(warnings, min(later, default=None))


def _warnings_for(certificate: Ending) -> tuple[int, ...]:
    lifetime = certificate.not_after - certificate.not_before
    return tuple(days for days in WARNINGS if timedelta(days=2 * days) <= lifetime)


class Expiry:
    """Says what is due, at the time that it is."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._news = asyncio.Event()

    def notice(self, event: Event) -> None:
        """Be told of what happens: there may be another certificate, with another end."""
        if event.noun == "Certificate" and event.kind is not EventKind.CERTIFICATE_EXPIRY:
            self._news.set()

    async def run(self) -> None:
        """Say what is due, until cancelled."""
        while True:
            self._news.clear()
            due_now = due(await self._sessions.read(_endings), now())
            if due_now.warnings:
                await self._sessions.write(_warn, due_now.warnings)
                continue
            sleep = min(due_now.next_at - now(), _LONGEST_SLEEP) if due_now.next_at else _LONGEST_SLEEP
            try:
                async with asyncio.timeout(max(sleep.total_seconds(), 0)):
                    await self._news.wait()
            except TimeoutError:
                pass


def _endings(session: Session) -> list[Ending]:
    query = select(Certificate).where(col(Certificate.not_after).is_not(None)).order_by(Certificate.id)
    return [
        Ending(row.id, row.not_before or row.created_at, row.not_after, row.warned_days)
        for row in session.exec(query)
        if row.not_after is not None
    ]


def _warn(session: Session, warnings: dict[str, int]) -> None:
    """Give each warning that is still due: the certificate may have been replaced just now."""
    still = due(_endings(session), now()).warnings
    over = False
    for certificate_id in sorted(warnings.keys() & still.keys()):
        row = session.get_one(Certificate, certificate_id)
        row.warned_days = still[certificate_id]
        session.add(row)
        if row.warned_days:
            _expires(session, row, row.warned_days)
        elif row.source is CertificateSource.UPLOADED:  # who looks after the others says how they are
            over = True
            _end(session, row)
    if over:
        # What was brought is in the proxy no longer; authorities are asked for its names.
        for server_id in session.exec(select(Server.id)).all():
            settle_certificates(session, server_id)


def _expires(session: Session, row: Certificate, days: int) -> None:
    if row.source is CertificateSource.UPLOADED and row.state is CertificateState.ISSUED:
        become(session, row, CertificateState.EXPIRING, row.reason, row.problem)
    assert row.not_after is not None, "it has an end"
    tell(session, EventKind.CERTIFICATE_EXPIRY, row, daysLeft=days, notAfter=row.not_after.isoformat())


def _end(session: Session, row: Certificate) -> None:
    problem = f"It has expired on {row.not_after:%Y-%m-%d %H:%M} UTC."
    become(session, row, CertificateState.FAILED, CertificateReason.EXPIRED, problem)
