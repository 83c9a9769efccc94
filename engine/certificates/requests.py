"""What may be asked of certificates. Their private keys are never shown."""

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
    Server,
    now,
)
from db.sessions import Sessions
from engine.accounts.teams import team_of
from engine.accounts.visible import readable
from engine.certificates.own import own_certificates_of
from engine.certificates.pem import Brought, brought
from engine.certificates.record import tell
from engine.certificates.shown import covers
from engine.certificates.uses import hosts_by_upload, lost_by_domains, lost_by_proxies, owner_of, proxies_showing
from engine.certificates.wanted import settle_certificates
from engine.domains.names import is_wildcard
from engine.errors import Conflict, InvalidInput, NotFound, NotNow, RouteTaken
from engine.secret_places import certificate_place
from engine.secrets import Cipher, Secret
from engine.servers import the_server

_ID = ("input", "certificateId")
_NAME = ("input", "name")


class Certificates:
    """What the API may do to certificates. Those who show them hear of it by the events."""

    def __init__(self, sessions: Sessions, cipher: Cipher) -> None:
        self._sessions = sessions
        self._cipher = cipher

    async def upload(self, team_id: str, chain: str, key: Secret) -> Certificate:
        """Keep a certificate with those of its issuers, and its private key, as PEM, for a team.

        Raises an ExceptionGroup of `InvalidInput`, and `NotFound` for a team that there is not.
        """
        return await self._sessions.write(self._upload, team_id, brought(chain, key, now()))

    async def update(self, certificate_id: str, chain: str, key: Secret) -> Certificate:
        """Have another one in the place of a certificate that was brought, for all who show it.

        Raises as `upload`, and `Conflict` for one that an authority renews, and when a name is needed that the new
        one does not have.
        """
        return await self._sessions.write(self._update, certificate_id, brought(chain, key, now()))

    async def order(self, team_id: str, name: str, resolver_id: str | None) -> Certificate:
        """Have an authority give a certificate for a name, and keep it whether or not a domain needs it.

        One that there is already is kept as it is, and comes from the resolver that it has.
        Raises `NotFound`, `RouteTaken`, `Conflict`, `InvalidInput`, and `NotNow` where there is nobody to be asked.
        """
        return await self._sessions.write(_order, team_id, name, resolver_id)

    async def remove(self, certificate_id: str) -> None:
        """Raises `NotFound`, and `Conflict` while it is needed."""
        await self._sessions.write(_remove, certificate_id)

    def _upload(self, session: Session, team_id: str, new: Brought) -> Certificate:
        team_of(session, team_id)
        row = Certificate(team_id=team_id, source=CertificateSource.UPLOADED)
        self._fill(row, new)
        session.add(row)
        tell(session, EventKind.CREATED, row)
        _settle(session)
        return row

    def _update(self, session: Session, certificate_id: str, new: Brought) -> Certificate:
        row = _certificate(session, certificate_id)
        if row.source is not CertificateSource.UPLOADED:
            raise Conflict("An authority gives this certificate, and renews it in time.", field=_ID)
        lost, before = lost_by_proxies(session, row, new.names), hosts_by_upload(session)
        self._fill(row, new)
        session.add(row)
        if lost := [*lost, *lost_by_domains(session, before)]:
            raise Conflict(f"The new certificate is not for {'; nor for '.join(lost)}.", field=("input", "chain"))
        tell(session, EventKind.UPDATED, row, changed=["chain", "key"])
        _settle(session)
        return row

    def _fill(self, row: Certificate, new: Brought) -> None:
        row.names, row.issuer, row.chain = list(new.names), new.issuer, new.chain
        row.key = self._cipher.encrypt(new.key, certificate_place(row.id))
        row.not_before, row.not_after = new.not_before, new.not_after
        row.state, row.state_since = CertificateState.ISSUED, now()
        row.reason, row.problem, row.confirmed_at, row.warned_days = None, "", None, None


def _certificate(session: Session, certificate_id: str) -> Certificate:
    row = session.get(Certificate, certificate_id)
    if row is None:
        raise NotFound("There is no such certificate.", field=_ID)
    return row


def _remove(session: Session, certificate_id: str) -> None:
    row = _certificate(session, certificate_id)
    if proxies := proxies_showing(session, certificate_id):
        owner = owner_of(session, proxies[0])
        raise Conflict(f"The TCP proxy of {owner} shows this certificate; give it another one first.", field=_ID)
    if row.source is CertificateSource.ACME:
        _give_up(session, row)
        return
    before = hosts_by_upload(session)
    session.delete(row)
    if lost := lost_by_domains(session, before):
        raise Conflict(f"It is needed for {'; and for '.join(lost)}.", field=_ID)
    tell(session, EventKind.REMOVED, row)
    _settle(session)


def _give_up(session: Session, row: Certificate) -> None:
    """Do not keep a certificate for its own sake any more; whether it goes is for domains to say."""
    row.standing = False
    session.add(row)
    _settle(session)
    if session.get(Certificate, row.id) is not None:
        raise Conflict(f"{row.host} is a domain with https, which has this certificate.", field=_ID)


def _order(session: Session, team_id: str, name: str, resolver_id: str | None) -> Certificate:
    team_of(session, team_id)
    server = the_server(session)
    _is_free(session, server.id, team_id, name)
    mine = select(Certificate).where(Certificate.server_id == server.id, Certificate.host == name)
    row = session.exec(mine).first()
    if row is not None and row.team_id != team_id:
        raise Conflict(f"There is a certificate for {name} already, which is of another team.", field=_NAME)
    if row is None:
        _is_not_brought(session, server.id, name)
    resolver = _resolver(session, server, (row and row.resolver_id) or resolver_id)
    if is_wildcard(name) and resolver.challenge is not Challenge.DNS_01:
        raise InvalidInput(
            f"Authorities give certificates for wildcards by the challenge DNS-01 only, which {resolver.name} does "
            "not use: name a resolver that does.",
            field=_NAME,
        )
    kind = EventKind.CREATED if row is None else EventKind.UPDATED
    row = row or Certificate(
        team_id=team_id, source=CertificateSource.ACME, server_id=server.id, host=name, names=[name]
    )
    row.standing, row.resolver_id = True, resolver.id
    session.add(row)
    tell(session, kind, row, **({} if kind is EventKind.CREATED else {"changed": ["standing", "resolver"]}))
    return row


def _is_not_brought(session: Session, server_id: str, name: str) -> None:
    """Raises `Conflict` for a name for which Traefik has one of somebody's own: as long as it has, it orders none."""
    if any(covers(each.names, name) for each in own_certificates_of(session, server_id).certificates):
        raise Conflict(f"The proxy has a certificate that was brought and is good for {name}.", field=_NAME)


def _is_free(session: Session, server_id: str, team_id: str, name: str) -> None:
    """Raises `RouteTaken` for a name that is a domain of another team."""
    query = (
        select(Application)
        .join(Domain, col(Domain.application_id) == col(Application.id))
        .join(DomainName, col(DomainName.domain_id) == col(Domain.id))
        .join(Environment, col(Environment.id) == col(Application.environment_id))
        .where(DomainName.server_id == server_id, DomainName.host == name, Environment.team_id != team_id)
    )
    if application := session.exec(query).first():
        owner = readable(session, application)
        raise RouteTaken(f"{name} already leads to {owner.name if owner else 'somewhere else'}.", field=_NAME)


def _resolver(session: Session, server: Server, resolver_id: str | None) -> CertificateResolver:
    wanted = resolver_id or server.default_resolver_id
    if wanted is None:
        raise NotNow("There is no resolver to ask for certificates; make one first.", field=("input", "resolverId"))
    resolver = session.get(CertificateResolver, wanted)
    if resolver is None:
        raise NotFound("There is no such certificate resolver.", field=("input", "resolverId"))
    return resolver


def _settle(session: Session) -> None:
    """Have authorities asked for just the names that no certificate which was brought covers."""
    session.flush()
    for server_id in session.exec(select(Server.id)).all():
        settle_certificates(session, server_id)
