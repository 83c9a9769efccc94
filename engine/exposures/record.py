"""What is said of TCP proxies."""

from collections.abc import Mapping

from sqlmodel import Session, select

from db.models import Database, EventKind, TcpProxy, TcpProxyReason, TcpProxyState
from engine.databases.status import record_about_database


def record_about_proxy(session: Session, kind: EventKind, proxy: TcpProxy, data: Mapping[str, object]) -> None:
    """Record an event about a TCP proxy of a database."""
    database = session.get_one(Database, proxy.database_id)
    record_about_database(session, kind, database, noun="TcpProxy", noun_id=proxy.id, data=data)


def proxy_is(
    session: Session, proxy_id: str, state: TcpProxyState, reason: TcpProxyReason | None = None, message: str = ""
) -> None:
    """Note what a proxy does, with an event if that is news. One that is gone is left alone."""
    proxy = session.get(TcpProxy, proxy_id)
    if proxy is None or (proxy.state, proxy.reason, proxy.message) == (state, reason, message):
        return
    proxy.state, proxy.reason, proxy.message = state, reason, message
    if state is TcpProxyState.LISTENING:
        proxy.settled = True
    session.add(proxy)
    data = {
        "state": state.value,
        "reason": reason.value if reason else None,
        "message": message,
        "bindAddress": proxy.bind_address,
        "port": proxy.port,
    }
    record_about_proxy(session, EventKind.TCP_PROXY_STATE, proxy, data)


def proxies_unreachable(session: Session, server_id: str, sentence: str) -> None:
    """Note that nobody knows how the proxies of a server are, because its engine does not answer."""
    for proxy in session.exec(select(TcpProxy).where(TcpProxy.server_id == server_id)).all():
        proxy_is(session, proxy.id, TcpProxyState.PENDING, TcpProxyReason.ENGINE_UNREACHABLE, sentence)
