"""Domains: which names and paths lead to which application."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from sqlmodel import Session, col, delete, select

from db.models import (
    Application,
    Certificate,
    CertificateResolver,
    DesiredState,
    Domain,
    DomainName,
    Environment,
    EventKind,
    Scheme,
    WwwMode,
)
from db.sessions import Sessions
from engine.accounts.visible import readable
from engine.certificates.wanted import check_wildcard, settle_certificates
from engine.domains.names import names_of, parts_of
from engine.domains.options import (
    MOST_USERS,
    NO_OPTIONS,
    DomainOptions,
    Hsts,
    NewUser,
    RateLimit,
    check_options,
    check_users,
    hashed,
    is_acceptable,
    read_options,
    user_names,
)
from engine.errors import InvalidInput, NotFound, NotNow, RouteTaken
from engine.names import DomainUrl
from engine.proxy.tcp.allow_list import unusable_network
from engine.status import record_about

_URL = ("input", "url")
_STORED_OTHERWISE = {"url", "basic_auth", *DomainOptions.model_fields}


@dataclass(frozen=True, slots=True)
class NewDomain:
    """A domain as somebody wants it."""

    url: DomainUrl
    strip_prefix: bool = False
    www_mode: WwwMode = WwwMode.NONE
    https_only: bool = True
    resolver_id: str | None = None
    options: DomainOptions = NO_OPTIONS
    basic_auth: Sequence[NewUser] = ()


class DomainChanges(TypedDict, total=False):
    """What of a domain is to become different. The last ones are the options, each as in `DomainOptions`."""

    url: DomainUrl
    strip_prefix: bool
    www_mode: WwwMode
    https_only: bool
    resolver_id: str | None
    basic_auth: Sequence[NewUser]
    allowed_networks: tuple[str, ...]
    max_body_size: int | None
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    compress: bool
    rate_limit: RateLimit | None
    hsts: Hsts | None


class Domains:
    """What the API may do to domains. `changed` is called with the server whose routes are to be published.

    `address` is where the proxy is bound.
    """

    def __init__(self, sessions: Sessions, address: str, changed: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._address = address
        self._changed = changed

    async def add(self, application_id: str, wanted: NewDomain) -> Domain:
        """Raises `NotFound`, `RouteTaken`, `InvalidInput`, and `NotNow` for an application without a port."""
        self._check_networks(wanted.options.allowed_networks)
        hashes = await _hashes(wanted.basic_auth)
        domain = await self._sessions.write(_add, application_id, wanted, hashes)
        self._changed(domain.server_id)
        return domain

    async def update(self, domain_id: str, changes: DomainChanges) -> Domain:
        """Raises `NotFound`, `RouteTaken`, `InvalidInput`."""
        self._check_networks(changes.get("allowed_networks", ()))
        hashes = await _hashes(changes.get("basic_auth", ()))
        domain = await self._sessions.write(_update, domain_id, changes, hashes)
        self._changed(domain.server_id)
        return domain

    def _check_networks(self, networks: Sequence[str]) -> None:
        for step, network in enumerate(networks):
            if problem := unusable_network(network, self._address):
                raise InvalidInput(problem, field=("input", "allowedNetworks", str(step)))

    async def remove(self, domain_id: str) -> None:
        """Raises `NotFound`."""
        self._changed(await self._sessions.write(_remove, domain_id))


def forget_domains(session: Session, application_id: str) -> None:
    """Forget the domains of an application that is gone."""
    of_application = select(Domain.id).where(Domain.application_id == application_id)
    session.exec(delete(DomainName).where(col(DomainName.domain_id).in_(of_application)))
    session.exec(delete(Domain).where(col(Domain.application_id) == application_id))
    settle_certificates(session, session.get_one(Application, application_id).server_id)


async def _hashes(users: Sequence[NewUser]) -> dict[str, str]:
    """Of each user with a password "name:hash", by name. Computed aside, so that nobody waits for it."""
    given = [user for user in users if is_acceptable(user)][:MOST_USERS]
    return {user.name: await asyncio.to_thread(hashed, user) for user in given}


def _add(session: Session, application_id: str, wanted: NewDomain, hashes: dict[str, str]) -> Domain:
    application = session.get(Application, application_id)
    if application is None or application.desired is DesiredState.REMOVED:
        raise NotFound("There is no such application.", field=("input", "applicationId"))
    if application.port is None:
        raise NotNow(
            f"{application.name} has no port to send requests to; give it one first.",
            field=("input", "applicationId"),
        )
    parts = parts_of(wanted.url)
    domain = Domain(
        application_id=application_id,
        server_id=application.server_id,
        scheme=parts.scheme,
        host=parts.host,
        path_prefix=parts.path_prefix,
        strip_prefix=wanted.strip_prefix,
        www_mode=wanted.www_mode,
        https_only=wanted.https_only,
        resolver_id=wanted.resolver_id,
        options=wanted.options.model_dump(mode="json", exclude_defaults=True),
        basic_auth=_users(wanted.basic_auth, hashes, []),
    )
    check_options(wanted.options, domain.scheme)
    _resolver_exists(session, wanted.resolver_id)
    session.add(domain)
    _claim_names(session, domain)
    _tell(session, EventKind.CREATED, domain)
    _settle(session, domain)
    return domain


def _update(session: Session, domain_id: str, changes: DomainChanges, hashes: dict[str, str]) -> Domain:
    domain = _domain(session, domain_id)
    values = _columns(domain, changes, hashes)
    _resolver_exists(session, changes.get("resolver_id"))
    changed = sorted(name for name, value in values.items() if getattr(domain, name) != value)
    if changed:
        for name in changed:
            setattr(domain, name, values[name])
        session.add(domain)
        _claim_names(session, domain)
        _tell(session, EventKind.UPDATED, domain, _spelled_out(changed, changes))
        _settle(session, domain)
    return domain


def _spelled_out(columns: list[str], changes: DomainChanges) -> list[str]:
    """The columns that changed, with the options that were spoken of instead of the one for them all."""
    options = DomainOptions.model_fields.keys() & changes.keys() if "options" in columns else set()
    return sorted({*columns} - {"options"} | options)


def _columns(domain: Domain, changes: DomainChanges, hashes: dict[str, str]) -> dict[str, Any]:
    """The changes as columns have them."""
    values: dict[str, Any] = {name: value for name, value in changes.items() if name not in _STORED_OTHERWISE}
    if "url" in changes:
        parts = parts_of(changes["url"])
        values |= {"scheme": parts.scheme, "host": parts.host, "path_prefix": parts.path_prefix}
    if "basic_auth" in changes:
        values["basic_auth"] = _users(changes["basic_auth"], hashes, domain.basic_auth)
    told = {name: value for name, value in changes.items() if name in DomainOptions.model_fields}
    options = (read_options(domain.options) or NO_OPTIONS).model_copy(update=told)
    check_options(options, values.get("scheme", domain.scheme))
    if told:
        values["options"] = options.model_dump(mode="json", exclude_defaults=True)
    return values


def _users(users: Sequence[NewUser], hashes: dict[str, str], known: list[str]) -> list[str]:
    """Who may come in, as the column has it. Raises `InvalidInput`."""
    check_users(users, known)
    hashes = dict(zip(user_names(known), known, strict=True)) | hashes
    return [hashes[user.name] for user in users]


def _remove(session: Session, domain_id: str) -> str:
    domain = _domain(session, domain_id)
    session.exec(delete(DomainName).where(col(DomainName.domain_id) == domain_id))
    session.delete(domain)
    _tell(session, EventKind.REMOVED, domain)
    settle_certificates(session, domain.server_id)
    return domain.server_id


def _settle(session: Session, domain: Domain) -> None:
    """Have the names of the domain get their certificates. Raises `InvalidInput` where there can be none."""
    check_wildcard(session, domain)
    settle_certificates(session, domain.server_id)


def _domain(session: Session, domain_id: str) -> Domain:
    domain = session.get(Domain, domain_id)
    if domain is None:
        raise NotFound("There is no such domain.", field=("input", "domainId"))
    return domain


def _resolver_exists(session: Session, resolver_id: str | None) -> None:
    if resolver_id is not None and session.get(CertificateResolver, resolver_id) is None:
        raise NotFound("There is no such certificate resolver.", field=("input", "resolverId"))


def _claim_names(session: Session, domain: Domain) -> None:
    """Have the domain stand for its names, and for no others any more."""
    session.flush()
    session.exec(delete(DomainName).where(col(DomainName.domain_id) == domain.id))
    for host in names_of(domain.host, domain.www_mode):
        _unclaimed(session, domain, host)
        session.add(
            DomainName(domain_id=domain.id, server_id=domain.server_id, host=host, path_prefix=domain.path_prefix)
        )


def _unclaimed(session: Session, domain: Domain, host: str) -> None:
    """Raises `RouteTaken` when the name, or another part of its paths of another team, is taken."""
    claims = session.exec(
        select(DomainName.path_prefix, Application)
        .join(Domain, col(Domain.id) == col(DomainName.domain_id))
        .join(Application, col(Application.id) == col(Domain.application_id))
        .where(DomainName.server_id == domain.server_id, DomainName.host == host)
    ).all()
    team_id = _team_of(session, session.get_one(Application, domain.application_id))
    for path_prefix, application in claims:
        if path_prefix == domain.path_prefix or _team_of(session, application) != team_id:
            owner = readable(session, application)
            name = owner.name if owner else "somewhere else"
            raise RouteTaken(f"{host}{path_prefix.removesuffix('/')} already leads to {name}.", field=_URL)
    certificate = session.exec(
        select(Certificate).where(
            Certificate.server_id == domain.server_id, Certificate.host == host, col(Certificate.standing)
        )
    ).first()
    if domain.scheme is Scheme.HTTPS and certificate is not None and certificate.team_id != team_id:
        raise RouteTaken(f"{host} has a certificate that another team has ordered.", field=_URL)


def _team_of(session: Session, application: Application) -> str:
    return session.get_one(Environment, application.environment_id).team_id


def _tell(session: Session, kind: EventKind, domain: Domain, changed: Sequence[str] = ()) -> None:
    record_about(
        session,
        kind,
        session.get_one(Application, domain.application_id),
        noun="Domain",
        noun_id=domain.id,
        data={"host": domain.host, "pathPrefix": domain.path_prefix, "changed": list(changed)},
    )
