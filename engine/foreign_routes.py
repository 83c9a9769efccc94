"""What is routed on a server, for a Traefik that is not ours."""

from sqlmodel import Session

from db.models import Server
from db.sessions import Sessions
from engine.errors import NotFound
from engine.proxy.foreign import foreign_document
from engine.proxy.routes import RoutedApplication
from engine.routing_table import routing_table


class ForeignRoutes:
    """Compiles documents when they are asked for, and again when something else is routed."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._compiled: dict[str, tuple[tuple[RoutedApplication, ...], str]] = {}

    async def document(self, server_id: str) -> str:
        """The document of a server, as of now. Raises `NotFound`."""
        applications = await self._sessions.read(_applications, server_id)
        known = self._compiled.get(server_id)
        if known is None or known[0] != applications:
            known = self._compiled[server_id] = applications, foreign_document(applications)
        return known[1]


def _applications(session: Session, server_id: str) -> tuple[RoutedApplication, ...]:
    if session.get(Server, server_id) is None:
        raise NotFound("There is no such server.")
    return routing_table(session, server_id).applications
