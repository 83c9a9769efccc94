"""The one address of the API: GraphQL over HTTP as its specification says, graphql-transport-ws and graphql-sse.

https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.utils.await_maybe import await_maybe

from db.errors import DatabaseUnusable
from engine.accounts.viewer import anybody_at
from engine.errors import InvalidInput
from engine.telemetry import Telemetry
from graph.anonymous import only_public
from graph.broadcasts import Asked, Broadcasts
from graph.build import Schema
from graph.context import Context
from graph.errors import BAD_REQUEST, TIMEOUT, TOO_LARGE, failed_as_a_whole, masked
from graph.event_stream import HEADERS
from graph.following import Following
from graph.ids import event_sequence
from graph.negotiation import EVENTS, JSON, accepted, readable, streamed
from graph.origins import foreign
from graph.patience import within
from graph.peers import peer
from graph.permissions import Viewer
from graph.persisted import Persisted, Unresolved, names_one
from graph.quotas import TOO_MANY, Quotas, TooMany
from graph.scalars import Cursor
from graph.sockets import Sockets
from graph.streaming import EventStream, Streams, stream_of_one
from graph.visits import Visit, visit_of
from graph.watched import Operations
from graph.websocket import Handshake, JsonSocket, TransportHandler

if TYPE_CHECKING:
    from engine.engine import Engine

MAX_BODY = 1024 * 1024
_MAX_THROWN_AWAY = 16 * MAX_BODY  # read to its end, because who still sends when it is closed never sees the answer
BODY_SECONDS = 20.0  # in which a body must have arrived

Authenticate: TypeAlias = Callable[[str, str], Viewer | Awaitable[Viewer | None] | None]

_OPERATIONS = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}


class Rejected(Exception):
    """The request ends here, with this status and sentence."""

    def __init__(self, status: int, sentence: str, code: str = BAD_REQUEST, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"errors": [{"message": sentence, "extensions": {"code": code}}]}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Operation(NamedTuple):
    query: str
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any] | None


class GraphQLView(GraphQL[Any, None]):
    """An ASGI application for one path. Every request and every socket needs a token, or the cookie of a session.

    Without either, only what is `Public` is answered; and pages from elsewhere are refused, unless they have a token.

    `authenticate` finds the viewer a token belongs to, given also the address it comes from; it may be a coroutine
    function. `recognise` finds the one a cookie belongs to. `sockets` lets whoever revokes a token close what it
    opened; `quotas` are what each viewer may have at once. `allowed_origins` are pages elsewhere that may open
    sockets. `operations` are those that everybody may ask for by their hashes. `telemetry` is where all is counted.
    """

    websocket_adapter_class = JsonSocket
    graphql_transport_ws_handler_class = TransportHandler

    def __init__(
        self,
        schema: Schema,
        *,
        engine: "Engine",
        authenticate: Authenticate,
        sockets: Sockets,
        recognise: Authenticate | None = None,
        allowed_origins: Sequence[str] = (),
        init_timeout: timedelta = timedelta(seconds=10),
        quotas: Quotas | None = None,
        operations: Mapping[str, str] | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=init_timeout,
            allowed_origins=allowed_origins,
        )
        self._engine = engine
        self._authenticate = authenticate
        self._recognise = recognise
        self._only_public = only_public(schema)
        self._persisted = Persisted(schema, operations)
        self._sockets = sockets
        telemetry = telemetry or Telemetry()
        self.operations = Operations(telemetry, self._persisted)
        self.quotas = quotas or Quotas()
        self.broadcasts = Broadcasts(self._answers, engine, self.operations)
        self.streams = Streams(self._answers, self.broadcasts, sockets, self.quotas, self.operations)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: object) -> Handshake:
        """What Strawberry keeps for the whole life of a socket; HTTP requests do not come by here."""

        async def viewer(claims: Mapping[str, object]) -> Viewer | None:
            token = _token_in(claims) or _bearer(request.headers.get("authorization"))
            return await (self._viewer(request, token) if token else self._signed_in(request, visit_of(request)))

        return Handshake(
            viewer,
            self._persisted.text,
            self._answers,
            self.broadcasts,
            self._sockets,
            self.quotas,
            self.operations,
        )

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    async def _answers(self, asked: Asked, following: Following) -> AsyncGenerator[ExecutionResult, None]:
        results = await self.schema.stream(
            asked.query,
            variable_values=dict(asked.variables),
            context_value=Context(asked.viewer, self._engine, self._sockets, following),
            operation_name=asked.operation_name,
        )
        async with aclosing(results):
            async for result in results:
                assert isinstance(result, ExecutionResult)
                yield result

    async def _viewer(self, request: HTTPConnection, token: str | None) -> Viewer | None:
        return await await_maybe(self._authenticate(token, peer(request.scope))) if token else None

    async def _signed_in(self, request: HTTPConnection, visit: Visit) -> Viewer | None:
        if self._recognise is None or visit.session is None or foreign(request):
            return None
        return await await_maybe(self._recognise(visit.session, visit.address))

    async def _answer(self, request: Request) -> ASGIApp:
        if _is_a_browser_looking(request):
            return PlainTextResponse("This address speaks GraphQL: send a query.\n", status_code=400)
        media_type, visit = accepted(request.headers.get("accept")), visit_of(request)
        try:
            result = await self._result(request, visit, media_type)
            if isinstance(result, EventStream):
                return result
            return visit.write(_response(result, media_type or JSON))
        except Rejected as no:
            return visit.write(_encoded(no.body, media_type or JSON, no.status, no.headers))
        except ClientDisconnect:
            raise
        except DatabaseUnusable as outage:
            body = Rejected(503, str(outage), "DATABASE_UNUSABLE").body
            return _encoded(body, media_type or JSON, 503)
        except Exception as bug:  # noqa: BLE001 masked() logs it
            return _encoded({"errors": [masked(bug).formatted]}, media_type or JSON, 500)

    async def _result(self, request: Request, visit: Visit, media_type: str | None) -> ExecutionResult | EventStream:
        if request.method not in _OPERATIONS:
            raise Rejected(405, "Use GET or POST.", Allow="GET, POST")
        if media_type is None:
            raise Rejected(406, f"The answer can only be {JSON} or application/graphql-response+json.")
        viewer = await self._visitor(request, visit)
        try:
            with self.quotas.requests.one(viewer), self.quotas.bodies.some(viewer) as room:
                asked = await _operation(request, room)
                text = self._persisted.text(asked.query, asked.extensions, viewer)
                operation = asked._replace(query=text)
                if viewer.anonymous and not self._only_public(operation.query, operation.name):
                    raise _unauthenticated("Sign in, or send an API token as a bearer token.")
                context = Context(viewer, self._engine, self._sockets, visit=visit)
                with self.operations.watched("http", text, operation.name) as watched:
                    result = watched.saw(await self._executed(operation, request.method, context))
                return result or await self._stream(operation, request, visit)
        except TooMany as refused:
            raise Rejected(429, str(refused), TOO_MANY, Retry_After="1", Connection="close") from None
        except Unresolved as unknown:
            return ExecutionResult(data=None, errors=[unknown])

    async def viewer_of(self, request: Request) -> Viewer:
        """Who asks, and is somebody. Raises `Rejected`."""
        viewer = await self._visitor(request, visit_of(request))
        if viewer.anonymous:
            raise _unauthenticated("Sign in, or send an API token as a bearer token.")
        return viewer

    async def _visitor(self, request: Request, visit: Visit) -> Viewer:
        if token := _bearer(request.headers.get("authorization")):
            if viewer := await self._viewer(request, token):
                return viewer
            raise _unauthenticated("This token is not known here.", ', error="invalid_token"')
        if foreign(request):
            raise Rejected(403, "Pages from elsewhere are not answered.", "FORBIDDEN")
        if visit.session is None:
            return anybody_at(visit.address)
        if viewer := await self._signed_in(request, visit):
            return viewer
        visit.sign_out()
        raise _unauthenticated("You are not signed in any more.")

    async def _stream(self, operation: Operation, request: Request, visit: Visit) -> ExecutionResult | EventStream:
        if not streamed(request.headers.get("accept")):
            return _refused("Subscriptions need a websocket, or a client that accepts text/event-stream.")
        # Once more: what let them in may have been revoked while the body arrived, and now ends the stream.
        viewer = await self._visitor(request, visit)
        asked = Asked(operation.query, operation.name, operation.variables or {}, viewer)
        return EventStream(self.streams, asked, _last_event(request))

    async def _executed(self, operation: Operation, method: str, context: Context) -> ExecutionResult | None:
        """None: it is a subscription."""
        try:
            return await self.schema.execute(
                operation.query,
                variable_values=operation.variables,
                operation_name=operation.name,
                context_value=context,
                allowed_operation_types=_OPERATIONS[method],
                operation_extensions=operation.extensions,
            )
        except CannotGetOperationTypeError as error:
            return _refused(error.as_http_error_reason())
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise Rejected(405, "Mutations need POST.", Allow="POST") from None
            return None


def _refused(sentence: str) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[GraphQLError(sentence, extensions={"code": BAD_REQUEST})])


def _last_event(request: Request) -> int | None:
    """The number of the event that a browser has seen last, before it lost its stream."""
    if cursor := request.headers.get("last-event-id"):
        try:
            return event_sequence(Cursor(cursor))
        except InvalidInput:
            raise Rejected(400, "Last-Event-ID must be the id of an event of this stream.") from None
    return None


def _unauthenticated(sentence: str, detail: str = "") -> Rejected:
    challenge = f'Bearer realm="wharfinger"{detail}'
    return Rejected(401, sentence, "UNAUTHENTICATED", WWW_Authenticate=challenge)


def _is_a_browser_looking(request: Request) -> bool:
    wants_a_page = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and wants_a_page and not request.query_params.keys() & {"query", "extensions"}


async def _operation(request: Request, room: Callable[[int], None]) -> Operation:
    parameters = _query_parameters(request) if request.method == "GET" else await _body(request, room)
    query, name = parameters.get("query"), parameters.get("operationName")
    by_hash = query in (None, "") and names_one(parameters.get("extensions"))
    if not by_hash and (not isinstance(query, str) or not query):
        raise Rejected(400, "query must be a string, and not empty.")
    if not isinstance(name, str | None):
        raise Rejected(400, "operationName must be a string.")
    for key in ("variables", "extensions"):
        if not isinstance(parameters.get(key), dict | None):
            raise Rejected(400, f"{key} must be an object.")
    return Operation(query or "", parameters.get("variables"), name, parameters.get("extensions"))


def _query_parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(request.query_params)
    for key in ("variables", "extensions"):
        if text := parameters.pop(key, None):
            parameters[key] = _parsed(text, key)
    return parameters


async def _body(request: Request, room: Callable[[int], None]) -> dict[str, Any]:
    if not readable(request.headers.get("content-type", "")):
        raise Rejected(415, f"The body must be {JSON} in UTF-8.")
    parameters = _parsed(await within(BODY_SECONDS, _read(request, room), _too_slow), "The body")
    if not isinstance(parameters, dict):
        raise Rejected(400, "The body must be one object. Batches are not supported.")
    return parameters


def _too_slow() -> Rejected:
    sentence = f"The body did not arrive within {BODY_SECONDS:g} seconds."
    return Rejected(408, sentence, TIMEOUT, Connection="close")


async def _read(request: Request, room: Callable[[int], None]) -> bytes:
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY:
            room(len(chunk))
            body += chunk
        elif size <= _MAX_THROWN_AWAY:
            body.clear()
        else:
            break
    if size > MAX_BODY:
        raise Rejected(413, f"The body is larger than {MAX_BODY} bytes.", TOO_LARGE, Connection="close")
    return bytes(body)


def _parsed(text: str | bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Rejected(400, f"{what} must be JSON.") from None


def _token_in(claims: Mapping[str, object]) -> str | None:
    for key, value in claims.items():
        if isinstance(value, str) and key.lower() in ("authorization", "token"):
            return value if key.lower() == "token" else _bearer(value)
    return None


def _bearer(header: str | None) -> str | None:
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _response(result: ExecutionResult, media_type: str) -> Response:
    if media_type == EVENTS:
        return Response(stream_of_one(result), 200, HEADERS, f"{EVENTS}; charset=utf-8")
    failed = failed_as_a_whole(result)
    body: dict[str, object] = {} if failed else {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        body["extensions"] = result.extensions
    return _encoded(body, media_type, _status(result) if failed and media_type != JSON else 200)


def _status(failed: ExecutionResult) -> int:
    return 504 if any((error.extensions or {}).get("code") == TIMEOUT for error in failed.errors or ()) else 400


def _encoded(
    body: Mapping[str, object], media_type: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    media_type = JSON if media_type == EVENTS else media_type  # what is no answer is no event either
    return Response(
        orjson.dumps(body),
        status,
        {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})},
        f"{media_type}; charset=utf-8",
    )
