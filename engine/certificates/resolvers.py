"""Certificate resolvers: who issues certificates by ACME, and how they are asked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypedDict

from sqlmodel import Session, col, select

from db.models import (
    Certificate,
    CertificateOrder,
    CertificateResolver,
    Challenge,
    Domain,
    EventKind,
    KeyType,
    Server,
)
from db.sessions import Sessions
from engine.certificates.resolver_rules import (
    check_ca_certificates,
    check_directory,
    check_eab,
    check_hours,
    check_profile,
    check_provider,
    check_variables,
)
from engine.certificates.wanted import settle_certificates, wildcards_without_dns
from engine.errors import Conflict, InvalidInput, NameTaken, NotFound
from engine.events import record
from engine.names import ResourceName
from engine.proxy.acme import AcmeResolver
from engine.secret_places import resolver_place
from engine.secrets import Cipher, Secret

PRODUCTION, STAGING = "letsencrypt", "letsencrypt-staging"
# The same in every database: made anew, they are what the proxy was told of, which is then not replaced.
_IDS = {PRODUCTION: f"{1:026}", STAGING: f"{2:026}"}
_BUILTIN = {
    PRODUCTION: "https://acme-v02.api.letsencrypt.org/directory",
    STAGING: "https://acme-staging-v02.api.letsencrypt.org/directory",
}
_OF_BUILTINS = {
    "email",
    "key_type",
    "challenge",
    "dns_provider",
    "dns_credentials",
    "dns_delay_seconds",
}  # what of them can be changed
_ID = ("input", "resolverId")


@dataclass(frozen=True, slots=True)
class Eab:
    """What an authority gave somebody who has an account there by other means."""

    key_id: str
    hmac_key: Secret


class ResolverChanges(TypedDict, total=False):
    """What of a resolver is to become different, or is wanted of a new one."""

    name: ResourceName
    directory_url: str
    ca_certificates: str
    email: str
    key_type: KeyType
    challenge: Challenge
    eab: Eab | None
    dns_provider: str
    dns_credentials: dict[str, Secret]
    dns_delay_seconds: int | None
    profile: str
    certificate_hours: int


class CertificateResolvers:
    """What the API may do to resolvers. An event tells of each change: who keeps the proxy hears of it by that."""

    def __init__(self, sessions: Sessions, cipher: Cipher) -> None:
        self._sessions = sessions
        self._cipher = cipher

    async def create(self, wanted: ResolverChanges) -> CertificateResolver:
        """`name` and `directory_url` are there. Raises `InvalidInput`, `NameTaken`, `Conflict`."""
        return await self._sessions.write(self._create, wanted)

    async def update(self, resolver_id: str, changes: ResolverChanges) -> CertificateResolver:
        """Raises `NotFound`, `InvalidInput`, `NameTaken`, and `Conflict` for what is in the way of it."""
        return await self._sessions.write(self._update, resolver_id, changes)

    async def remove(self, resolver_id: str) -> None:
        """Raises `NotFound`, and `Conflict` for one that is used, or that every installation has."""
        await self._sessions.write(_remove, resolver_id)

    async def set_default(self, server_id: str, resolver_id: str) -> Server:
        """Have it asked for all domains of a server that name nobody. Raises `NotFound`, `Conflict`."""
        return await self._sessions.write(_set_default, server_id, resolver_id)

    def _create(self, session: Session, wanted: ResolverChanges) -> CertificateResolver:
        row = CertificateResolver(name=wanted["name"], directory_url=wanted["directory_url"])
        self._fill(session, row, wanted)
        _tell(session, EventKind.CREATED, row)
        return row

    def _update(self, session: Session, resolver_id: str, changes: ResolverChanges) -> CertificateResolver:
        row = _resolver(session, resolver_id)
        before = row.model_dump()
        for name in sorted(changes.keys() - _OF_BUILTINS) if row.builtin else ():
            raise InvalidInput(f"{row.name} is built in, and this part of it cannot be changed.", field=_field(name))
        self._fill(session, row, changes)
        changed = sorted(name for name, value in row.model_dump().items() if before[name] != value)
        if changed:
            _tell(session, EventKind.UPDATED, row, changed)
            session.flush()
            _wildcards_stay(session, row.name)
        return row

    def _fill(self, session: Session, row: CertificateResolver, changes: ResolverChanges) -> None:
        plain = {name: value for name, value in changes.items() if name not in ("eab", "dns_credentials")}
        for name, value in plain.items():
            setattr(row, name, value)
        if "eab" in changes:
            self._bind(row, changes["eab"])
        if "dns_credentials" in changes:
            self._give_credentials(row, changes["dns_credentials"])
        if row.challenge is not Challenge.DNS_01:
            for name in ("dns_provider", "dns_credentials", "dns_delay_seconds"):
                if changes.get(name) not in (None, "", {}):
                    raise InvalidInput("This is for the challenge DNS_01 only.", field=_field(name))
            row.dns_provider, row.dns_credentials, row.dns_delay_seconds = "", None, None
        _check(row)
        session.add(row)
        self._check_against_others(session, row)

    def _bind(self, row: CertificateResolver, eab: Eab | None) -> None:
        place = resolver_place(row.id, "eab_hmac_key")
        row.eab_key_id = eab.key_id if eab else ""
        row.eab_hmac_key = self._cipher.encrypt(check_eab(eab.key_id, eab.hmac_key), place) if eab else None

    def _give_credentials(self, row: CertificateResolver, given: dict[str, Secret]) -> None:
        if given == credentials_of(row, self._cipher):
            return
        check_variables(given)
        text = json.dumps({name: value.reveal() for name, value in sorted(given.items())})
        place = resolver_place(row.id, "dns_credentials")
        row.dns_credentials = self._cipher.encrypt(Secret(text), place) if given else None

    def _check_against_others(self, session: Session, row: CertificateResolver) -> None:
        with session.no_autoflush:
            others = session.exec(select(CertificateResolver).where(CertificateResolver.id != row.id)).all()
        mine = credentials_of(row, self._cipher)
        for other in others:
            if other.name == row.name:
                raise NameTaken(f"There is already a certificate resolver named {row.name}.", field=("input", "name"))
            theirs = credentials_of(other, self._cipher)
            for variable in sorted(mine.keys() & theirs.keys()):
                if mine[variable] != theirs[variable]:
                    raise Conflict(
                        f"{other.name} gives {variable} another value. All resolvers share one process, and so one "
                        "value of each variable: give both the same.",
                        field=("input", "dnsCredentials"),
                    )


def ensure_builtin(session: Session, server_id: str) -> None:
    """Have the resolvers that every installation has; production is the default where nothing else is."""
    found = {row.builtin: row for row in session.exec(_ALL.where(col(CertificateResolver.builtin).is_not(None)))}
    for builtin, directory_url in _BUILTIN.items():
        if builtin not in found:
            name = builtin if session.exec(_ALL.where(CertificateResolver.name == builtin)).first() is None else ""
            row = CertificateResolver(
                id=_IDS[builtin], builtin=builtin, directory_url=directory_url, name=name or f"{builtin}-builtin"
            )
            session.add(row)
            found[builtin] = row
    session.flush()
    server = session.get_one(Server, server_id)
    if server.default_resolver_id is None:
        server.default_resolver_id = found[PRODUCTION].id
        session.add(server)


def acme_resolvers(session: Session, cipher: Cipher) -> tuple[AcmeResolver, ...]:
    """All resolvers, as the proxy is told of them."""
    return tuple(_acme_resolver(row, cipher) for row in session.exec(_ALL))


def credentials_of(row: CertificateResolver, cipher: Cipher) -> dict[str, Secret]:
    """What its provider of DNS is told, by variable."""
    if row.dns_credentials is None:
        return {}
    opened = cipher.decrypt(row.dns_credentials, resolver_place(row.id, "dns_credentials"))
    found: dict[str, str] = json.loads(opened.reveal())
    return {name: Secret(value) for name, value in found.items()}


_ALL = select(CertificateResolver).order_by(col(CertificateResolver.id))


def _acme_resolver(row: CertificateResolver, cipher: Cipher) -> AcmeResolver:
    hmac_key = row.eab_hmac_key and cipher.decrypt(row.eab_hmac_key, resolver_place(row.id, "eab_hmac_key"))
    return AcmeResolver(
        id=row.id,
        directory_url=row.directory_url,
        ca_certificates=row.ca_certificates,
        email=row.email,
        key_type=row.key_type,
        challenge=row.challenge,
        eab_key_id=row.eab_key_id,
        eab_hmac_key=hmac_key or None,
        dns_provider=row.dns_provider,
        dns_credentials=tuple(sorted(credentials_of(row, cipher).items())),
        dns_delay_seconds=row.dns_delay_seconds,
        profile=row.profile,
        certificate_hours=row.certificate_hours,
    )


def _check(row: CertificateResolver) -> None:
    check_directory(row.directory_url)
    check_ca_certificates(row.ca_certificates)
    check_hours(row.certificate_hours)
    check_profile(row.profile)
    if row.challenge is Challenge.DNS_01:
        check_provider(row.dns_provider)


def _remove(session: Session, resolver_id: str) -> None:
    row = _resolver(session, resolver_id)
    if row.builtin:
        raise Conflict(f"{row.name} is built in; every installation has it.", field=_ID)
    if session.exec(select(Server.id).where(Server.default_resolver_id == resolver_id)).first():
        raise Conflict(f"{row.name} is the default; make another one the default first.", field=_ID)
    for table in (Domain, Certificate):
        if session.exec(select(table.id).where(table.resolver_id == resolver_id)).first():
            raise Conflict(
                f"{row.name} is used by a {table.__name__.lower()}; give that another one first.", field=_ID
            )
    for order in session.exec(select(CertificateOrder).where(CertificateOrder.resolver_id == resolver_id)):
        session.delete(order)
    session.flush()
    session.delete(row)
    _tell(session, EventKind.REMOVED, row)


def _set_default(session: Session, server_id: str, resolver_id: str) -> Server:
    server = session.get(Server, server_id)
    if server is None:
        raise NotFound("There is no such server.", field=("input", "serverId"))
    row = _resolver(session, resolver_id)
    if server.default_resolver_id != resolver_id:
        server.default_resolver_id = resolver_id
        session.add(server)
        data = {"name": server.name, "changed": ["default_resolver"]}
        record(session, EventKind.UPDATED, "Server", server_id, server_id=server_id, data=data)
        session.flush()
        _wildcards_stay(session, row.name)
        settle_certificates(session, server_id)
    return server


def _wildcards_stay(session: Session, name: str) -> None:
    for server_id in session.exec(select(Server.id)):
        for host in wildcards_without_dns(session, server_id):
            raise Conflict(
                f"{host} needs a resolver whose challenge is DNS-01, and {name} would be asked for it: give its "
                "domain another one first.",
                field=("input",),
            )


def _resolver(session: Session, resolver_id: str) -> CertificateResolver:
    row = session.get(CertificateResolver, resolver_id)
    if row is None:
        raise NotFound("There is no such certificate resolver.", field=_ID)
    return row


def _tell(session: Session, kind: EventKind, row: CertificateResolver, changed: Iterable[str] = ()) -> None:
    data: dict[str, Any] = {"name": row.name}
    if kind is EventKind.UPDATED:
        data["changed"] = list(changed)
    record(session, kind, "CertificateResolver", row.id, data=data)


def _field(name: str) -> tuple[str, ...]:
    first, *rest = {"certificate_hours": "certificate_duration", "dns_delay_seconds": "dns_delay"}.get(
        name, name
    ).split("_")
    return ("input", first + "".join(part.capitalize() for part in rest))
