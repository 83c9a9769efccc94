"""The whole schema behind a real server, and the real event log that it tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar, cast

from sqlmodel import Session

from db.models import EventKind
from db.sessions import Sessions
from engine.accounts import roles
from engine.accounts.authority import EVERYTHING, Allowance, Authority
from engine.events import EventLog, record
from graph.http import GraphQLView
from graph.permissions import Viewer
from graph.root import schema
from graph.sockets import Sockets
from graph.wire import Wire
from tests.graph.conftest import serving
from wharf.app import close_revoked

TOKENS = {
    "owner": Viewer("laptop", EVERYTHING, token_id="token-1"),
    "other": Viewer("phone", EVERYTHING, token_id="token-2"),
    "setup": Viewer("setup", Authority.of({Allowance(roles.SETUP)}), token_id="token-3"),
}


class HastyWire(Wire):
    """One that is watched, and waits no longer than a test can."""

    patience = 2.0
    opened: ClassVar[list["HastyWire"]] = []

    async def run_asgi(self) -> None:
        self.opened.append(self)
        await super().run_asgi()


@dataclass
class Told:
    """A server of the whole schema, and the log that it tells."""

    port: int
    view: GraphQLView
    sessions: Sessions
    log: EventLog
    sockets: Sockets

    async def happen(self, *names: str) -> None:
        """One event for each name, in one transaction."""
        await self.sessions.write(happen, names)

    async def together(self, subscribers: int, broadcasts: int = 1) -> None:
        """Wait until so many subscribers are told by so many broadcasts, and have been told everything."""
        async with asyncio.timeout(10):
            while (self.view.broadcasts.members, len(self.view.broadcasts)) != (subscribers, broadcasts):
                await asyncio.sleep(0.005)


def happen(session: Session, names: tuple[str, ...]) -> None:
    for name in names:
        record(session, EventKind.UPDATED, "Project", "01J00000000000000000000000", data={"name": name})


async def authenticate(token: str, _address: str) -> Viewer | None:
    return TOKENS.get(token)


@asynccontextmanager
async def telling(sessions: Sessions, wire: type[Wire] = HastyWire) -> AsyncIterator[Told]:
    log = EventLog(sessions, keep=100_000)
    sockets = Sockets()
    log.on_event(partial(close_revoked, sockets))
    engine = cast(Any, SimpleNamespace(events=log, sessions=sessions))
    view = GraphQLView(schema, engine=engine, authenticate=authenticate, sockets=sockets)
    async with serving(view, wire) as port:
        yield Told(port, view, sessions, log, sockets)
