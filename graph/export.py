"""The audit log as a file: one JSON object a line, oldest first."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from db import models
from db.errors import DatabaseUnusable
from graph.http import GraphQLView, Rejected
from graph.negotiation import JSON
from graph.permissions import Action, Noun, Viewer
from graph.quotas import TOO_MANY, TooMany
from graph.schema.audit import changes_of, ids_of
from graph.schema.names import field_name

if TYPE_CHECKING:
    from engine.engine import Engine

JSON_LINES = "application/jsonl"

_HEADERS = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="audit.jsonl"'}
_LAST_NUMBER = 10**18
_PLAIN = ("sequence", "at", "actor", "address", "action", "noun", "name")


class _BrokenOff(Exception):
    """It has begun, and cannot go on."""


class AuditExport:
    """An ASGI application for one path: `GET ?after=…` gives what came after the entry of that number.

    One signs in as to `view`, and gets what one may read, up to the newest entry. Where it breaks off, one goes on
    after the number in the last whole line. Whoever may no longer read it meanwhile gets no further page.
    """

    def __init__(self, view: GraphQLView, engine: "Engine") -> None:
        self.view = view
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            viewer, rows = await self._begin(request)
            with self.view.quotas.requests.one(viewer):
                await StreamingResponse(self._lines(request, rows), 200, _HEADERS, JSON_LINES)(scope, receive, send)
        except TooMany as many:
            await _refusal(Rejected(429, str(many), TOO_MANY, Retry_After="1"))(scope, receive, send)
        except DatabaseUnusable as outage:
            await _refusal(Rejected(503, str(outage), "DATABASE_UNUSABLE"))(scope, receive, send)
        except Rejected as no:
            await _refusal(no)(scope, receive, send)
        except (_BrokenOff, ClientDisconnect):
            return  # without the end of the body: whoever reads sees that it broke off

    async def _begin(self, request: Request) -> tuple[Viewer, list[models.AuditEntry]]:
        if request.method != "GET":
            raise Rejected(405, "Use GET.", Allow="GET")
        viewer, after = await self._reader(request), _after(request)
        return viewer, await self._engine.audit.past(viewer.authority, after)

    async def _lines(self, request: Request, rows: list[models.AuditEntry]) -> AsyncIterator[bytes]:
        while rows:
            yield b"".join(map(line, rows))
            try:
                viewer = await self._reader(request)
                rows = await self._engine.audit.past(viewer.authority, rows[-1].sequence or 0)
            except (Rejected, DatabaseUnusable) as why:
                raise _BrokenOff from why

    async def _reader(self, request: Request) -> Viewer:
        viewer = await self.view.viewer_of(request)
        if not viewer.authority.allows_somewhere(Action.READ, Noun.AUDIT_ENTRY):
            raise Rejected(403, "You may not do this. It needs: read AuditEntry.", "FORBIDDEN")
        return viewer


def line(row: models.AuditEntry) -> bytes:
    """An entry, with the ids that the API knows things by."""
    told: dict[str, object] = {name: getattr(row, name) for name in _PLAIN}
    told |= {field_name(name): key for name, key in ids_of(row).items()}
    told["changes"] = list(changes_of(row))
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _refusal(no: Rejected) -> Response:
    return Response(orjson.dumps(no.body), no.status, no.headers, JSON)


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdigit() and int(text[:20]) < _LAST_NUMBER):
        raise Rejected(400, "after must be the number of an entry.")
    return int(text)
