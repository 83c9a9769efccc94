"""The program put together: one ASGI application, and what frames its life."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from sqlmodel import Session, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from db.errors import DatabaseUnusable
from db.models import ApiToken, Event, EventKind
from db.models import Grant as StoredGrant
from engine.engine import Engine
from graph.http import GraphQLView
from graph.permissions import Grant, Viewer
from graph.root import schema
from graph.sockets import Sockets

GRANTS = {StoredGrant.OWNER: Grant.OWNER, StoredGrant.SETUP: Grant.SETUP}


def create_app(engine: Engine, announce_setup_token: Callable[[str], None]) -> Starlette:
    """The application that serves `engine`, which it starts and stops.

    `announce_setup_token` is called at the very first start with the token that makes the first real one.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await engine.start()
        if token := await engine.access.create_setup_token():
            announce_setup_token(token)
        _collect_seldom()
        engine.events.on_event(partial(close_revoked, sockets))
        yield
        await engine.stop()

    async def authenticate(token: str) -> Viewer | None:
        row = await engine.access.authenticate(token)
        return viewer_of(row) if row else None

    async def ready(_request: Request) -> Response:
        try:
            await engine.sessions.read(_answers)
        except DatabaseUnusable as outage:
            return JSONResponse({"status": str(outage)}, 503)
        return JSONResponse({"status": "ready"})

    sockets = Sockets()
    view = GraphQLView(schema, engine=engine, authenticate=authenticate, sockets=sockets)
    return Starlette(
        routes=[
            Route("/graphql", view),
            WebSocketRoute("/graphql", view),
            Route("/healthz", _alive),
            Route("/readyz", ready),
        ],
        lifespan=lifespan,
    )


def _collect_seldom() -> None:
    # What was loaded at the start is never garbage, and with a thousand subscribers a full collection stops
    # everything for half a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def close_revoked(sockets: Sockets, event: Event) -> None:
    """Stop and close what was opened with a token when the token is revoked, by whomever."""
    if event.noun == "ApiToken" and event.kind is EventKind.REMOVED:
        sockets.revoke(event.noun_id)


def viewer_of(row: ApiToken) -> Viewer:
    """Who somebody with this token is."""
    return Viewer(token_id=row.id, name=row.name, grants=frozenset({GRANTS[row.grant]}), expires_at=row.expires_at)


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _answers(session: Session) -> None:
    session.execute(text("SELECT 1"))
