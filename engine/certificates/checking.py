"""Looking at all the names of a domain because somebody asks."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import (
    Certificate,
    CertificateResolver,
    CertificateSource,
    CertificateState,
    Domain,
    DomainName,
    Scheme,
    Server,
)
from db.sessions import Sessions
from engine.audit import note_action
from engine.certificates.caa import identities_of
from engine.certificates.checks import PreflightReport
from engine.certificates.orders import Orders
from engine.certificates.own import own_certificates_of
from engine.certificates.preflight import Preflight, PreflightQuestion
from engine.domains.names import names_of
from engine.errors import NotFound, NotNow


@dataclass(frozen=True, slots=True)
class _Failed:
    """A certificate of the domain that could not be had."""

    certificate_id: str
    host: str


class DomainChecks:
    """Says of a domain what an authority would say, and has what failed tried again where that is mended."""

    def __init__(self, sessions: Sessions, preflight: Preflight, orders: Orders) -> None:
        self._sessions = sessions
        self._preflight = preflight
        self._orders = orders

    async def check(self, domain_id: str) -> Sequence[PreflightReport]:
        """A report for each name that the domain stands for, the one given first. Raises `NotFound`."""
        questions = await self._sessions.write(_questions, domain_id)
        reports = await asyncio.gather(*map(self._preflight.check, questions))
        mended = {each.host for each in reports if each.reason is None}
        for failed in await self._sessions.read(_failed, domain_id):
            if failed.host in mended:
                with suppress(NotFound, NotNow):  # it has gone, or come, or the authority was asked often enough
                    await self._orders.retry(failed.certificate_id)
        return reports


def _questions(session: Session, domain_id: str) -> list[PreflightQuestion]:
    domain = session.get(Domain, domain_id)
    if domain is None:
        raise NotFound("There is no such domain.", field=("input", "domainId"))
    note_action(session, domain)
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


def _failed(session: Session, domain_id: str) -> list[_Failed]:
    query = (
        select(Certificate.id, DomainName.host)
        .join(DomainName, col(DomainName.host) == col(Certificate.host))
        .where(
            DomainName.domain_id == domain_id,
            DomainName.server_id == Certificate.server_id,
            Certificate.source == CertificateSource.ACME,
            Certificate.state == CertificateState.FAILED,
        )
    )
    return [_Failed(*row) for row in session.exec(query)]
