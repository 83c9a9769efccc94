"""What the database says is routed, and what it remembers of how the proxy serves it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BindParameter, Row, bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from db.models import (
    Application,
    Container,
    Deployment,
    DesiredState,
    Domain,
    EventKind,
    ProxyState,
    Release,
    Server,
)
from engine import labels
from engine.certificates.acme import acme_certificates
from engine.certificates.own import own_certificates_of
from engine.certificates.shown import Shown
from engine.events import record
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication, Serving
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
    )
    .where(col(Domain.server_id) == _SERVER)
    .order_by(col(Domain.id))
)
_DEPLOYING = select(Deployment.application_id).where(col(Deployment.finished_at).is_(None))
_DOMAINS = select(Domain).where(col(Domain.server_id) == _SERVER)
_TROUBLED = _DOMAINS.where(Domain.problem != "")


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """Every application that is routed on a server, the networks that the proxy must be on for it, and what it shows.

    The private keys of certificates are as the database has them: sealed.
    """

    applications: tuple[RoutedApplication, ...]
    networks: frozenset[str]
    shown: Shown
    acme: tuple[AcmeCertificate, ...] = ()


def routing_table(session: Session, server_id: str) -> RoutingTable:
    """What the proxy of this server ought to serve, as of this transaction.

    All of it is read for each change of a route, so columns are read here, not objects.
    """
    ready = _ready_containers(session, server_id)
    routes = _routes(session, server_id)
    deploying = _being_deployed(session)
    routed, networks = [], set()
    for application_id, environment_id, desired, last_release_id, release_id, port in _applications(
        session, server_id
    ):
        target: Serving | Holding
        if desired is DesiredState.STOPPED:
            target = Holding(HoldingReason.STOPPED)
        elif port is not None and ready[release_id]:
            networks.add(labels.network_name(environment_id))
            target = Serving(release_id, tuple(f"{name}:{port}" for name in sorted(ready[release_id])))
        elif application_id in deploying:
            target = Holding(HoldingReason.DEPLOYING)
        else:
            never_live = last_release_id is None and release_id is None
            target = Holding(HoldingReason.EMPTY if never_live else HoldingReason.FAILING)
        if isinstance(target, Serving) or routes[application_id]:
            routed.append(RoutedApplication(application_id, target, tuple(routes[application_id])))
    shown = own_certificates_of(session, server_id)
    return RoutingTable(tuple(routed), frozenset(networks), shown, acme_certificates(session, server_id))


def _applications(session: Session, server_id: str) -> Iterable[Row[str, str, DesiredState, str, str, int]]:
    return session.execute(_APPLICATIONS, {"server_id": server_id})


def _ready_containers(session: Session, server_id: str) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for release_id, name in session.exec(_READY, params={"server_id": server_id}):
        found[release_id].append(name)
    return found


def _routes(session: Session, server_id: str) -> defaultdict[str, list[Route]]:
    found: defaultdict[str, list[Route]] = defaultdict(list)
    for application_id, *route in session.execute(_ROUTES, {"server_id": server_id}):
        found[application_id].append(Route(*route))
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
