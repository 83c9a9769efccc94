"""What we remember of servers: whether their Docker engine answers."""

from sqlmodel import Session, col, select

from db.models import EventKind, Server, ServerState
from engine.databases.status import settle_databases
from engine.docker.values import EngineVersion
from engine.events import record
from engine.exposures.record import proxies_unreachable
from engine.status import settle_server


def the_server(session: Session) -> Server:
    """The one that everything new runs on."""
    return session.exec(select(Server).order_by(col(Server.created_at))).one()


def server_reachable(session: Session, server_id: str, version: EngineVersion) -> bool:
    """Note that the engine answers; whether that is news."""
    server = session.get_one(Server, server_id)
    server.engine_version = version.engine
    return _become(session, server, ServerState.REACHABLE, "")


def server_unreachable(session: Session, server_id: str, reason: str) -> bool:
    """Note that the engine does not answer, and with it that nobody knows how its applications are; if news."""
    return _become(session, session.get_one(Server, server_id), ServerState.UNREACHABLE, reason)


def _become(session: Session, server: Server, state: ServerState, reason: str) -> bool:
    changed = server.state is not state
    server.state, server.state_reason = state, reason
    session.add(server)
    if not changed:
        return False
    record(
        session,
        EventKind.SERVER_STATE,
        "Server",
        server.id,
        server_id=server.id,
        data={"state": state.value, "reason": reason},
    )
    settle_server(session, server.id)
    settle_databases(session, server.id)
    if state is ServerState.UNREACHABLE:
        proxies_unreachable(session, server.id, reason)
    return True
