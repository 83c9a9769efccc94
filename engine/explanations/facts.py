"""What the database has to say about a request: read in one transaction, for somebody who may not see everything."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlmodel import Session, col, select

from db.models import (
    Application,
    Certificate,
    CertificateSource,
    Container,
    Deployment,
    DeploymentStatus,
    Domain,
    ProxyState,
    Server,
)
from engine.accounts.authority import Authority
from engine.accounts.visible import visible
from engine.certificates.shown import Shown
from engine.errors import InvalidInput
from engine.explanations.routing import concerns, routing_of
from engine.explanations.values import ApplicationFacts, Facts, Request
from engine.proxy.routers import Ports, Router, routers_of
from engine.proxy.routes import Route, RoutedApplication, Serving, objection, unusable_servers
from engine.routing_table import routing_table

Row = TypeVar("Row", Domain, Application, Certificate)


def facts_of(
    session: Session,
    authority: Authority,
    server_id: str,
    request: Request,
    ports: Ports,
    refused: Mapping[str, str],
) -> Facts:
    """`refused`: why Traefik does not take a router, by its name."""
    table = routing_table(session, server_id)
    facts = routed(table.applications, request, ports, refused)
    routing = routing_of(request, facts)
    acting = [routing.acting] if routing.acting else []
    considered = {each.domain_id for each in (*acting, *(near.router for near in routing.nearly))}
    domains = _visible(session, authority, Domain, considered)
    led_to = {domains[each.domain_id].application_id for each in acting if each.domain_id in domains}
    applications = _visible(session, authority, Application, led_to)
    certified = _certified(session, server_id, table.shown, {each.matcher.host for each in acting})
    return replace(
        facts,
        domains=domains,
        applications={key: _application(session, row) for key, row in applications.items()},
        certified=certified,
        certificates=_visible(session, authority, Certificate, certified.values()),
    )


def proxy_problem(session: Session, server_id: str) -> str:
    """Why the proxy of this server does not serve, as far as it is known; "" while it should."""
    server = session.get_one(Server, server_id)
    if server.proxy_state is ProxyState.RUNNING:
        return ""
    return server.proxy_reason or "it is being started."


def routed(
    applications: Iterable[RoutedApplication], request: Request, ports: Ports, refused: Mapping[str, str]
) -> Facts:
    """What of all that is routed can matter to the request, with nothing of the rows behind it."""
    routers: list[Router] = []
    routes: dict[str, Route] = {}
    left_out = dict(refused)
    for application in applications:
        target = application.target
        problem = unusable_servers(target) if isinstance(target, Serving) else None
        for route in application.routes:
            if not concerns(route.host, request.host):
                continue
            try:
                made = routers_of(replace(application, routes=(route,)), ports)
            except InvalidInput:  # nothing could be asked for by such names
                continue
            if why := problem or objection(route):
                left_out |= {each.name: why for each in made}
            routers += made
            routes[route.domain_id] = route
    return Facts(tuple(routers), routes, left_out, ports=ports)


def _visible(session: Session, authority: Authority, table: type[Row], keys: Iterable[str]) -> dict[str, Row]:
    query = select(table).where(col(table.id).in_(sorted(keys)), visible(table, authority))
    return {row.id: row for row in session.exec(query)}


def _application(session: Session, row: Application) -> ApplicationFacts:
    containers = session.exec(
        select(Container).where(Container.application_id == row.id).order_by(col(Container.name))
    )
    last = session.exec(
        select(Deployment).where(Deployment.application_id == row.id).order_by(col(Deployment.number).desc()).limit(1)
    ).first()
    failed = last is not None and last.status is DeploymentStatus.FAILED
    return ApplicationFacts(row, tuple(containers), last.failure_message if last and failed else "")


def _certified(session: Session, server_id: str, shown: Shown, hosts: Iterable[str]) -> dict[str, str]:
    hosts = set(hosts)
    brought = {host: shown.by_host[host].id for host in hosts & shown.by_host.keys()}
    query = select(Certificate.host, Certificate.id).where(
        Certificate.server_id == server_id,
        Certificate.source == CertificateSource.ACME,
        col(Certificate.host).in_(sorted(hosts)),
    )
    return {host: key for host, key in session.exec(query) if host} | brought
