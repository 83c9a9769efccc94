"""What the database says is routed, and what it remembers of how the proxy serves it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from db.models import (
    Application,
    Container,
    Deployment,
    DesiredState,
    Domain,
    EventKind,
    MaintenanceMode,
    ProxyState,
    Release,
    Server,
    now,
)
from engine import labels
from engine.certificates.acme import acme_certificates
from engine.certificates.own import own_certificates_of
from engine.certificates.shown import Shown
from engine.domains.options import read_options
from engine.events import record
from engine.proxy.routes import Holding, HoldingReason, Maintenance, Route, RoutedApplication, Serving
from engine.proxy.tls import AcmeCertificate
from engine.status import record_about

# Read for every change anywhere, and therefore written down once: building them took longer than asking.
_SERVER: BindParameter[str] = bindparam("server_id")
_APPLICATIONS = (
    columns(
        col(Application.id),
        col(Application.environment_id),
        col(Application.desired),
        col(Application.last_release_id),
        col(Application.maintenance),
        col(Application.maintenance_message),
        col(Application.maintenance_ended_at),
        col(Release.id),
        col(Release.spec)["port"].as_integer(),
    )
    .join(Release, col(Release.id) == col(Application.live_release_id), isouter=True)
    .where(col(Application.server_id) == _SERVER, col(Application.desired) != DesiredState.REMOVED)
    .order_by(col(Application.id))
)
_READY = select(Container.release_id, Container.name).where(col(Container.server_id) == _SERVER, col(Container.ready))
_ROUTES = (
    columns(
        col(Domain.application_id),
        col(Domain.id),
        col(Domain.host),
        col(Domain.path_prefix),
        col(Domain.strip_prefix),
        col(Domain.scheme),
        col(Domain.www_mode),
        col(Domain.https_only),
        col(Domain.options),
        col(Domain.basic_auth),
    )
    .where(col(Domain.server_id) == _SERVER)
    .order_by(col(Domain.id))
)
_DEPLOYING = select(Deployment.application_id).where(col(Deployment.finished_at).is_(None))
_DOMAINS = select(Domain).where(col(Domain.server_id) == _SERVER)
_TROUBLED = _DOMAINS.where(Domain.problem != "")


# A request is held for at most 30 seconds, as http.yml says: after the end of a maintenance what was held is let go
# for a little longer than that, and then the way is free of what does it.
_RELEASE_TIME = timedelta(seconds=35)


class _Application(NamedTuple):
    id: str
    environment_id: str
    desired: DesiredState
    last_release_id: str | None
    maintenance: MaintenanceMode
    maintenance_message: str
    maintenance_ended_at: datetime | None
    release_id: str
    port: int | None


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """Every application that is routed on a server, the networks that the proxy must be on for it, and what it shows.

    The private keys of certificates are as the database has them: sealed. `until` is when the table becomes another
    one by itself; None: never.
    """

    applications: tuple[RoutedApplication, ...]
    networks: frozenset[str]
    shown: Shown
    acme: tuple[AcmeCertificate, ...] = ()
    until: datetime | None = None


def routing_table(session: Session, server_id: str) -> RoutingTable:
    """What the proxy of this server ought to serve, as of this transaction.

    All of it is read for each change of a route, so columns are read here, not objects.
    """
    ready = _ready_containers(session, server_id)
    routes = _routes(session, server_id)
    deploying = _being_deployed(session)
    routed, networks, ends = [], set(), set()
    for row in _applications(session, server_id):
        target = _target(row, ready, deploying)
        if isinstance(target, Serving):
            networks.add(labels.network_name(row.environment_id))
        maintenance = _maintenance(row)
        if maintenance and maintenance.mode is MaintenanceMode.OFF and row.maintenance_ended_at:
            ends.add(row.maintenance_ended_at + _RELEASE_TIME)
        if isinstance(target, Serving) or routes[row.id]:
            routed.append(RoutedApplication(row.id, target, tuple(routes[row.id]), maintenance))
    shown = own_certificates_of(session, server_id)
    acme = acme_certificates(session, server_id)
    return RoutingTable(tuple(routed), frozenset(networks), shown, acme, min(ends, default=None))


def _target(row: _Application, ready: Mapping[str, list[str]], deploying: Collection[str]) -> Serving | Holding:
    if row.desired is DesiredState.STOPPED:
        return Holding(HoldingReason.STOPPED)
    if row.port is not None and ready[row.release_id]:
        return Serving(row.release_id, tuple(f"{name}:{row.port}" for name in sorted(ready[row.release_id])))
    if row.id in deploying:
        return Holding(HoldingReason.DEPLOYING)
    never_live = row.last_release_id is None and row.release_id is None
    return Holding(HoldingReason.EMPTY if never_live else HoldingReason.FAILING)


def _maintenance(row: _Application) -> Maintenance | None:
    if row.maintenance is not MaintenanceMode.OFF:
        return Maintenance(row.maintenance, row.maintenance_message)
    if row.maintenance_ended_at and row.maintenance_ended_at + _RELEASE_TIME > now():
        return Maintenance(MaintenanceMode.OFF)
    return None


def _applications(session: Session, server_id: str) -> Iterator[_Application]:
    for row in session.execute(_APPLICATIONS, {"server_id": server_id}):
        yield _Application(*row)


def _ready_containers(session: Session, server_id: str) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for release_id, name in session.exec(_READY, params={"server_id": server_id}):
        found[release_id].append(name)
    return found


def _routes(session: Session, server_id: str) -> defaultdict[str, list[Route]]:
    found: defaultdict[str, list[Route]] = defaultdict(list)
    for application_id, *parts, options, basic_auth in session.execute(_ROUTES, {"server_id": server_id}):
        parts += [read_options(options), tuple(basic_auth)]
        found[application_id].append(Route(*parts))
    return found


def _being_deployed(session: Session) -> set[str]:
    return set(session.exec(_DEPLOYING))


def proxy_is(session: Session, server_id: str, state: ProxyState, reason: str) -> None:
    server = session.get_one(Server, server_id)
    if (server.proxy_state, server.proxy_reason) == (state, reason):
        return
    server.proxy_state, server.proxy_reason = state, reason
    session.add(server)
    data = {"state": state.value, "reason": reason}
    record(session, EventKind.PROXY_STATE, "Server", server_id, server_id=server_id, data=data)


def differing_problems(session: Session, server_id: str, problems: dict[str, str]) -> list[Domain]:
    """The domains whose remembered problem is not what the proxy said now."""
    rows = session.exec(_DOMAINS if problems else _TROUBLED, params={"server_id": server_id})
    return [row for row in rows if row.problem != problems.get(row.id, "")]


def note_problems(session: Session, server_id: str, problems: dict[str, str]) -> None:
    for row in differing_problems(session, server_id, problems):
        row.problem = problems.get(row.id, "")
        session.add(row)
        record_about(
            session,
            EventKind.DOMAIN_STATE,
            session.get_one(Application, row.application_id),
            noun="Domain",
            noun_id=row.id,
            data={"problem": row.problem},
        )
