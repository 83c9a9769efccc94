"""A span around every HTTP request, where traces are wanted."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from engine.tracing import Tracing
from graph.negotiation import EVENTS

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, and never what somebody looks for
_CONTEXT = (b"traceparent", b"tracestate")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class TracedRequests:
    """Puts the requests that `app` answers into spans, below what their headers name as the cause of them.

    Of what was asked for only one of `paths` is told, and nothing that somebody may have typed.
    """

    def __init__(self, app: ASGIApp, tracing: Tracing, paths: Iterable[str]) -> None:
        self._app = app
        self._tracing = tracing
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        route = scope["path"] if scope["path"] in self._paths else "other"
        carrier = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _CONTEXT}
        attributes = {"http.request.method": method, "http.route": route}

        async def noting(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._tracing.note({"http.response.status_code": message["status"]})
                if _is_stream(message):
                    self._tracing.finish()  # it lasts for days, and would be the parent of all that happens meanwhile
            await send(message)

        with self._tracing.span(f"{method} {route}", "server", attributes, carrier):
            await self._app(scope, receive, noting)


def _is_stream(message: MutableMapping[str, Any]) -> bool:
    kinds = (value for name, value in message.get("headers", ()) if name.lower() == b"content-type")
    return any(value.startswith(EVENTS.encode()) for value in kinds)
