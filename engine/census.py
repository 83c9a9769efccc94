"""How many of everything there are, by the state that they are in."""

from enum import Enum
from typing import Any

from sqlmodel import Session, col, func, select

from db.models import (
    Application,
    ApplicationStatus,
    Certificate,
    CertificateState,
    Database,
    DatabaseStatus,
    Deployment,
    DeploymentStatus,
    Domain,
    Server,
    ServerState,
    TcpProxy,
    TcpProxyState,
)
from db.models.servers import ProxyState
from engine.deployments.steps import NEXT

_COUNTED: dict[str, tuple[Any, type[Enum]]] = {
    "applications": (col(Application.status), ApplicationStatus),
    "databases": (col(Database.status), DatabaseStatus),
    "certificates": (col(Certificate.state), CertificateState),
    "tcp_proxies": (col(TcpProxy.state), TcpProxyState),
    "servers": (col(Server.state), ServerState),
    "proxies": (col(Server.proxy_state), ProxyState),
}
_UNDER_WAY = tuple(step for step, following in NEXT.items() if following)

Census = dict[str, dict[str, int]]


def census(session: Session) -> Census:
    """For each kind of thing how many there are in each state, in lower case; of deployments those under way."""
    found = {what: _by_state(session, column, states) for what, (column, states) in _COUNTED.items()}
    status = col(Deployment.status)
    under_way = session.exec(select(status, func.count()).where(status.in_(_UNDER_WAY)).group_by(status))
    counts: dict[DeploymentStatus, int] = dict(under_way.all())
    found["deployments"] = {step.value.lower(): counts.get(step, 0) for step in _UNDER_WAY}
    found["domains"] = {"all": session.exec(select(func.count()).select_from(Domain)).one()}
    return found


def _by_state(session: Session, column: Any, states: type[Enum]) -> dict[str, int]:
    counts = dict(session.exec(select(column, func.count()).group_by(column)).all())
    return {state.value.lower(): counts.get(state, 0) for state in states}
