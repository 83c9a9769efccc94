"""Looking at all the names of a domain because somebody asks."""

import asyncio
from collections.abc import Callable, Sequence

from sqlmodel import Session

from db.models import CertificateResolver, Domain, Scheme, Server
from db.sessions import Sessions
from engine.certificates.caa import identities_of
from engine.certificates.checks import PreflightReport
from engine.certificates.own import own_certificates_of
from engine.certificates.preflight import Preflight, PreflightQuestion
from engine.domains.names import names_of
from engine.errors import NotFound


class DomainChecks:
    """`checked` is called with a domain that was looked at: what its certificates waited for may be mended."""

    def __init__(self, sessions: Sessions, preflight: Preflight, checked: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._preflight = preflight
        self._checked = checked

    async def check(self, domain_id: str) -> Sequence[PreflightReport]:
        """A report for each name that the domain stands for, the one given first. Raises `NotFound`."""
        questions = await self._sessions.read(_questions, domain_id)
        reports = await asyncio.gather(*map(self._preflight.check, questions))
        self._checked(domain_id)
        return reports


def _questions(session: Session, domain_id: str) -> list[PreflightQuestion]:
    domain = session.get(Domain, domain_id)
    if domain is None:
        raise NotFound("There is no such domain.", field=("input", "domainId"))
    names = names_of(domain.host, domain.www_mode)
    resolver = _resolver(session, domain) if domain.scheme is Scheme.HTTPS else None
    if resolver is None:
        return [PreflightQuestion(host, challenge=None) for host in names]
    brought = own_certificates_of(session, domain.server_id).by_host
    return [
        PreflightQuestion(host, None if host in brought else resolver.challenge, identities_of(resolver))
        for host in names
    ]


def _resolver(session: Session, domain: Domain) -> CertificateResolver | None:
    server = session.get_one(Server, domain.server_id)
    key = domain.resolver_id or server.default_resolver_id
    return session.get(CertificateResolver, key) if key else None
