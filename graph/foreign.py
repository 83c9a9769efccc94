"""The proxy's routes for people with a Traefik of their own, which asks for them by its HTTP provider."""

import hashlib
from typing import TYPE_CHECKING

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from db.errors import DatabaseUnusable
from engine.accounts.authority import INSTALLATION
from engine.errors import NotFound
from graph.errors import masked
from graph.http import GraphQLView, Rejected
from graph.ids import read_global_id
from graph.negotiation import JSON
from graph.permissions import Action, Noun, Viewer
from graph.quotas import TOO_MANY, TooMany

if TYPE_CHECKING:
    from engine.engine import Engine

_HEADERS = {"Cache-Control": "no-store, private"}
# It is about the domains of all teams, and holds the hashes by which visitors' passwords are known.
_NEEDED = ((Action.READ, Noun.SERVER), (Action.READ, Noun.DOMAIN), (Action.REVEAL, Noun.DOMAIN))


class ForeignDocument:
    """An ASGI application: `GET /proxy/<id of the server>/http.json`, and HEAD.

    One signs in as to `view`. Whatever goes wrong is told by a status that is an error: a Traefik that is told so
    keeps what it has, and one that got less would drop the rest.
    """

    def __init__(self, view: GraphQLView, engine: "Engine") -> None:
        self._view = view
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except Rejected as no:
            response = _refusal(no)
        except TooMany as many:
            response = _refusal(Rejected(429, str(many), TOO_MANY, Retry_After="1"))
        except DatabaseUnusable as outage:
            response = _refusal(Rejected(503, str(outage), "DATABASE_UNUSABLE"))
        except Exception as bug:  # noqa: BLE001 masked() logs it
            response = Response(orjson.dumps({"errors": [masked(bug).formatted]}), 500, _HEADERS, JSON)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise Rejected(405, "Use GET or HEAD.", Allow="GET, HEAD")
        viewer = await self._view.viewer_of(request)
        _check(viewer)
        with self._view.quotas.requests.one(viewer):
            content = (await self._document(request)).encode()
        tag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = _HEADERS | {"ETag": tag, "Vary": "Authorization, Cookie"}
        if _is_known(tag, request.headers.get("if-none-match", "")):
            return Response(None, 304, headers)
        return Response(content, 200, headers, JSON)

    async def _document(self, request: Request) -> str:
        kind, key = read_global_id(request.path_params["server"]) or ("", "")
        try:
            return await self._engine.foreign_routes.document(key if kind == "Server" else "")
        except NotFound as error:
            raise Rejected(404, error.sentence, "NOT_FOUND") from None


def _check(viewer: Viewer) -> None:
    for action, noun in _NEEDED:
        if not viewer.authority.allows(action, noun, INSTALLATION):
            needed = f"{action.value} {noun.value}"
            raise Rejected(403, f"You may not do this. It needs: {needed}, of all teams.", "FORBIDDEN")


def _is_known(tag: str, known: str) -> bool:
    """Whether one of the tags in a header If-None-Match is this one."""
    tags = {each.strip().removeprefix("W/") for each in known.split(",")}
    return "*" in tags or tag in tags


def _refusal(no: Rejected) -> Response:
    return Response(orjson.dumps(no.body), no.status, {**_HEADERS, **no.headers}, JSON)
