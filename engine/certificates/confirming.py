"""Seeing that the HTTP proxy shows the certificates that were brought."""

from dataclasses import dataclass

from cryptography import x509
from sqlmodel import Session, select

from db.models import Certificate, CertificateReason, CertificateSource, now
from db.sessions import Sessions
from engine.certificates.orders import names_of
from engine.certificates.own import own_certificates_of
from engine.certificates.pem import leaf_of
from engine.certificates.record import become
from engine.certificates.shown import OwnCertificate, covers
from engine.errors import ProxyFailure
from engine.host import Host
from engine.outside import Outside


@dataclass(frozen=True, slots=True)
class _Question:
    """Is this certificate shown for this name?"""

    certificate: OwnCertificate
    host: str


class Confirming:
    """Shakes hands with the proxy of one server, once for each certificate that it should show since lately."""

    def __init__(self, sessions: Sessions, host: Host, outside: Outside) -> None:
        self._sessions = sessions
        self._host = host
        self._outside = outside

    async def converge(self) -> None:
        """Look at those that nobody has seen yet. Raises `ProxyFailure` while the proxy shows others."""
        questions, withheld = await self._sessions.read(_open_questions, self._host.server_id)
        if withheld:
            await self._sessions.write(_note, withheld)
        if not questions:
            return
        await self._host.publisher.publish()
        problems: dict[str, str] = {}
        for question in questions:
            problems[question.certificate.id] = await self._problem(question)
        await self._sessions.write(_note, problems)
        if unseen := [problem for problem in problems.values() if problem]:
            raise ProxyFailure(unseen[0])

    async def _problem(self, question: _Question) -> str:
        """Why it is not shown; "" when it is."""
        shown = await self._shown(question.host)
        if shown is not None and shown != leaf_of(question.certificate.chain) and _good_for(shown, question.host):
            # Traefik has one store, and keeps what was ordered before in mind.
            await self._host.proxy.forget_superfluous()
            shown = await self._shown(question.host)
        if shown is None:
            return f"The proxy shows no certificate for {question.host}."
        if shown == leaf_of(question.certificate.chain):
            return ""
        return f"The proxy shows another certificate for {question.host}, of {shown.issuer.rfc4514_string()}."

    async def _shown(self, host: str) -> x509.Certificate | None:
        return await self._outside.shown_certificate(self._host.proxy.settings.address, host)


def _good_for(certificate: x509.Certificate, host: str) -> bool:
    return covers(names_of(certificate), host)


def _open_questions(session: Session, server_id: str) -> tuple[list[_Question], dict[str, str]]:
    """What is to be looked at; and by id why a certificate is not in the proxy at all, where that is news."""
    shown = own_certificates_of(session, server_id)
    rows = {row.id: row for row in session.exec(select(Certificate).where(_WAS_BROUGHT))}
    questions: dict[str, _Question] = {}
    for host, certificate in sorted(shown.by_host.items()):
        row = rows[certificate.id]
        if row.confirmed_at is None or row.reason is CertificateReason.NOT_SHOWN:
            questions.setdefault(certificate.id, _Question(certificate, host))
    news = {key: sentence for key, sentence in shown.withheld.items() if rows[key].problem != sentence}
    return list(questions.values()), news


_WAS_BROUGHT = Certificate.source == CertificateSource.UPLOADED


def _note(session: Session, problems: dict[str, str]) -> None:
    """Note of each certificate that it is shown, or why not, with an event if that is news."""
    for certificate_id, problem in sorted(problems.items()):
        row = session.get(Certificate, certificate_id)
        if row is None or row.reason is CertificateReason.EXPIRED:
            continue
        if not problem:
            row.confirmed_at = now()
        become(session, row, row.state, CertificateReason.NOT_SHOWN if problem else None, problem)
