import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import pytest_asyncio
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from graph.doors import Crowd, door
from graph.headers import StrictHeaders
from graph.http import GraphQLView
from graph.permissions import Viewer
from graph.sockets import Sockets
from graph.wire import Wire
from tests.graph.small import BEGUN, DOOR, ENDED, RUNNING, SCHEMA, TOKENS

if TYPE_CHECKING:
    from engine.engine import Engine


CLIENTS = Path(__file__).parent.parent / "clients"


@dataclass(frozen=True)
class Served:
    """The small schema behind a real server on a real port."""

    address: str
    sockets: Sockets

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def http(self) -> str:
        return f"http://{self.address}/graphql"

    @property
    def websocket(self) -> str:
        return f"ws://{self.address}/graphql"


@pytest.fixture(autouse=True)
def _nobody_waits() -> None:
    for each in (RUNNING, BEGUN, ENDED, DOOR):
        each.renew()


async def authenticate(token: str, _address: str) -> Viewer | None:
    if token == "broken":
        raise RuntimeError("the database is gone")
    return TOKENS.get(token)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Served]:
    sockets = Sockets()
    view = GraphQLView(
        SCHEMA,
        engine=cast("Engine", object()),
        authenticate=authenticate,
        sockets=sockets,
        init_timeout=timedelta(milliseconds=300),
    )
    async with serving(view) as port:
        yield Served(f"127.0.0.1:{port}", sockets)


@asynccontextmanager
async def serving(view: GraphQLView, wire: type[asyncio.Protocol] = Wire, **how: Any) -> AsyncIterator[int]:
    """The port on which a real server serves the view."""
    app = Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])
    how = {"http": door(Crowd()), "ws_per_message_deflate": False, **how}
    config = uvicorn.Config(StrictHeaders(app), ws=wire, log_level="warning", log_config=None, **how)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        yield listener.getsockname()[1]
        await server.shutdown(sockets=[listener])
