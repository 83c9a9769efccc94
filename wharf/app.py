"""The program put together: one ASGI application, and what frames its life."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from sqlmodel import Session, text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from db.errors import DatabaseUnusable
from db.models import Event, EventKind
from engine.engine import Engine
from engine.tracing import Tracing
from graph import sso
from graph.export import AuditExport
from graph.foreign import ForeignDocument
from graph.http import GraphQLView
from graph.metrics import MetricsView, Network
from graph.root import schema
from graph.sockets import Sockets
from graph.traced import TracedRequests
from wharf.dashboard import Dashboard

# What ends a viewer's authority, or changes it, and where the event names what that rested on.
_ENDS = {("ApiToken", EventKind.REMOVED), ("UserSession", EventKind.REMOVED)}
_ENDS_USER = {("User", EventKind.REMOVED), ("User", EventKind.UPDATED)}
_ENDS_MEMBER = {("Membership", EventKind.REMOVED), ("Membership", EventKind.UPDATED)}


def create_app(
    engine: Engine,
    announce_setup_token: Callable[[str], None],
    operations: Mapping[str, str] | None = None,
    metrics_networks: Iterable[Network] = (),
) -> Starlette:
    """The application that serves `engine`, which it starts and stops.

    `announce_setup_token` is called at the very first start with the token that makes the first real one.
    `operations` are those that clients may ask for by their hashes without registering them.
    Who comes from `metrics_networks` may read the metrics.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await engine.start()
        if token := await engine.tokens.create_setup_token():
            announce_setup_token(token)
        _collect_seldom()
        engine.events.on_event(partial(close_revoked, sockets))
        yield
        await engine.stop()
        await asyncio.to_thread(engine.telemetry.tracing.close)

    sockets = Sockets()
    view = GraphQLView(
        schema,
        engine=engine,
        authenticate=engine.tokens.authenticate,
        recognise=engine.people.sessions.authenticate,
        sockets=sockets,
        operations=operations,
        telemetry=engine.telemetry,
    )
    routes = _routes(view, engine, MetricsView(view, engine, sockets, metrics_networks))
    return Starlette(routes=routes, middleware=_traced(engine.telemetry.tracing, routes), lifespan=lifespan)


def _routes(view: GraphQLView, engine: Engine, metrics: MetricsView) -> list[BaseRoute]:
    return [
        Route("/graphql", view),
        WebSocketRoute("/graphql", view),
        Route("/audit.jsonl", AuditExport(view, engine)),
        Route("/proxy/{server}/http.json", ForeignDocument(view, engine)),
        *sso.routes(engine),
        Route("/metrics", metrics),
        Route("/healthz", _alive),
        Route("/readyz", partial(_ready, engine)),
        Route("/{path:path}", Dashboard().answer, methods=["GET"]),  # all other addresses are its pages
    ]


def _traced(tracing: Tracing, routes: Iterable[BaseRoute]) -> list[Middleware]:
    paths = {route.path for route in routes if isinstance(route, Route)}
    return [Middleware(TracedRequests, tracing, paths)] if tracing.on else []


def _collect_seldom() -> None:
    # What was loaded at the start is never garbage, and with a thousand subscribers a full collection stops
    # everything for half a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def close_revoked(sockets: Sockets, event: Event) -> None:
    """Stop and close what was opened with a right that is taken away or changed, by whomever."""
    what = (event.noun, event.kind)
    if what in _ENDS | _ENDS_USER:
        sockets.revoke(f"{event.noun}:{event.noun_id}")
    elif what in _ENDS_MEMBER:
        sockets.revoke(f"User:{event.data['userId']}")


async def _ready(engine: Engine, _request: Request) -> Response:
    try:
        await engine.sessions.read(_answers)
    except DatabaseUnusable as outage:
        return JSONResponse({"status": str(outage)}, 503)
    return JSONResponse({"status": "ready"})


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _answers(session: Session) -> None:
    session.execute(text("SELECT 1"))
