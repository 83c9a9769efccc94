"""Domains: which host names and paths lead to which application."""

from collections.abc import Callable, Sequence
from typing import TypedDict

from sqlmodel import Session, select

from db.models import Application, DesiredState, Domain, EventKind
from db.sessions import Sessions
from engine.accounts.visible import readable
from engine.errors import NotFound, NotNow, RouteTaken
from engine.status import record_about


class DomainChanges(TypedDict, total=False):
    """What of a domain is to become different."""

    host: str
    path_prefix: str
    strip_prefix: bool


class Domains:
    """What the API may do to domains. `changed` is called with the server whose routes are to be published."""

    def __init__(self, sessions: Sessions, changed: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._changed = changed

    async def add(self, application_id: str, host: str, path_prefix: str, strip_prefix: bool) -> Domain:
        """Raises `NotFound`, `RouteTaken`, and `NotNow` for an application without a port."""
        domain = await self._sessions.write(_add, application_id, host, path_prefix, strip_prefix)
        self._changed(domain.server_id)
        return domain

    async def update(self, domain_id: str, changes: DomainChanges) -> Domain:
        """Raises `NotFound`, `RouteTaken`."""
        domain = await self._sessions.write(_update, domain_id, changes)
        self._changed(domain.server_id)
        return domain

    async def remove(self, domain_id: str) -> None:
        """Raises `NotFound`."""
        self._changed(await self._sessions.write(_remove, domain_id))


def _add(session: Session, application_id: str, host: str, path_prefix: str, strip_prefix: bool) -> Domain:
    application = session.get(Application, application_id)
    if application is None or application.desired is DesiredState.REMOVED:
        raise NotFound("There is no such application.", field=("input", "applicationId"))
    if application.port is None:
        raise NotNow(
            f"{application.name} has no port to send requests to; give it one first.",
            field=("input", "applicationId"),
        )
    domain = Domain(
        application_id=application_id,
        server_id=application.server_id,
        host=host,
        path_prefix=path_prefix,
        strip_prefix=strip_prefix,
    )
    _unclaimed(session, domain)
    session.add(domain)
    _tell(session, EventKind.CREATED, domain)
    return domain


def _update(session: Session, domain_id: str, changes: DomainChanges) -> Domain:
    domain = _domain(session, domain_id)
    changed = sorted(name for name, value in changes.items() if getattr(domain, name) != value)
    domain.host = changes.get("host", domain.host)
    domain.path_prefix = changes.get("path_prefix", domain.path_prefix)
    domain.strip_prefix = changes.get("strip_prefix", domain.strip_prefix)
    if changed:
        with session.no_autoflush:
            _unclaimed(session, domain)
        session.add(domain)
        _tell(session, EventKind.UPDATED, domain, changed)
    return domain


def _remove(session: Session, domain_id: str) -> str:
    domain = _domain(session, domain_id)
    session.delete(domain)
    _tell(session, EventKind.REMOVED, domain)
    return domain.server_id


def _domain(session: Session, domain_id: str) -> Domain:
    domain = session.get(Domain, domain_id)
    if domain is None:
        raise NotFound("There is no such domain.", field=("input", "domainId"))
    return domain


def _unclaimed(session: Session, domain: Domain) -> None:
    claim = session.exec(
        select(Domain).where(
            Domain.server_id == domain.server_id,
            Domain.host == domain.host,
            Domain.path_prefix == domain.path_prefix,
            Domain.id != domain.id,
        )
    ).first()
    if claim is not None:
        owner = readable(session, session.get_one(Application, claim.application_id))
        path = "" if domain.path_prefix == "/" else domain.path_prefix
        raise RouteTaken(
            f"{domain.host}{path} already leads to {owner.name if owner else 'somewhere else'}.",
            field=("input", "host"),
        )


def _tell(session: Session, kind: EventKind, domain: Domain, changed: Sequence[str] = ()) -> None:
    record_about(
        session,
        kind,
        session.get_one(Application, domain.application_id),
        noun="Domain",
        noun_id=domain.id,
        data={"host": domain.host, "pathPrefix": domain.path_prefix, "changed": list(changed)},
    )
