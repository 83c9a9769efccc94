"""graphql-transport-ws, to the letter of its protocol.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from db.errors import DatabaseUnusable
from graph.answers import Answers
from graph.broadcasts import Asked, Broadcasts, Run
from graph.errors import failed_as_a_whole, masked
from graph.following import Following
from graph.permissions import Viewer
from graph.persisted import Unresolved, names_one
from graph.quotas import TOO_MANY, Quotas, TooMany
from graph.sockets import WEBSOCKET, Sockets, forbid_at
from graph.watched import Operations, Watched
from graph.wire import WIRE, Wire

_LONGEST_REASON = 123  # bytes: more do not fit into a close frame


@dataclass(frozen=True)
class Handshake:
    """What a socket is given when it opens: how to find out who it is and what it asks, and how to run that."""

    viewer: Callable[[Mapping[str, object]], Awaitable[Viewer | None]]
    text: Callable[[str | None, Mapping[str, object] | None, Viewer], str]
    run: Run
    broadcasts: Broadcasts
    sockets: Sockets
    quotas: Quotas
    operations: Operations


class JsonSocket(ASGIWebSocketAdapter):
    """Text frames of JSON. Closing twice is harmless; sending after the end raises WebSocketDisconnected."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        async with aclosing(super().iter_json(ignore_parsing_errors=ignore_parsing_errors)) as messages:
            async for message in messages:
                if self._closed:  # by another task, while this frame was on its way
                    return
                yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        text = orjson.dumps(message).decode()
        try:
            await self.ws.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as gone:  # RuntimeError: a close frame is out already
            raise WebSocketDisconnected from gone

    @property
    def wire(self) -> Wire | None:
        """What the socket is served by; None: another server, which can only be awaited."""
        return cast(Wire | None, self.ws.scope.get("extensions", {}).get(WIRE))

    async def close(self, code: int, reason: str) -> None:
        if not self._closed:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self.ws.close(code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))

    @property
    def _closed(self) -> bool:
        return self.ws.application_state is WebSocketState.DISCONNECTED


class TransportHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """One socket. Strawberry's handler keeps the time and the ids; frames, authority and results are ours."""

    transport = WEBSOCKET

    context: Handshake
    websocket: JsonSocket
    viewer: Viewer | None = None
    _expiry: asyncio.Task[None] | None = None
    _counted: Viewer | None = None

    async def handle(self) -> None:
        try:
            await super().handle()
        except DatabaseUnusable as outage:
            await self.websocket.close(1013, str(outage))
        except Exception as bug:  # noqa: BLE001 a bug must not reach the client as 1006
            masked(bug)
            await self.websocket.close(4500, "Internal server error")
        finally:
            if self._expiry:
                self._expiry.cancel()
            if self.viewer:
                self.context.sockets.discard(self.viewer, self)
            if self._counted:
                self.context.quotas.sockets.give_back(self._counted)

    def stop(self) -> None:
        """End everything that runs on this socket: it is told nothing more."""
        for operation in tuple(self.operations.values()):
            if operation.task:
                del self.operations[operation.id]
                operation.task.cancel()

    async def forbid(self) -> None:
        """End everything that runs on this socket and close it with 4403."""
        self.stop()
        await self.websocket.close(4403, "Forbidden")

    async def handle_message(self, message: Message) -> None:
        if fault := fault_in(message):
            await self.handle_invalid_message(fault)
        else:
            await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if self.connection_init_received:
            await self.websocket.close(4429, "Too many initialisation requests")
            return
        self.connection_init_received = True
        self.viewer = await self.context.viewer(message.get("payload") or {})
        if self.viewer is None:
            await self.websocket.close(4403, "Forbidden")
            return
        if not await self._has_room(self.viewer):
            return
        self.context.sockets.add(self.viewer, self)
        if self.viewer.expires_at:
            self._expiry = asyncio.create_task(forbid_at(self, self.viewer.expires_at))
        self.connection_acknowledged = True
        await self.send_message({"type": "connection_ack"})

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        payload, known = message["payload"], message["id"] in self.operations
        if self.connection_acknowledged and not known:
            try:
                text = self.context.text(payload.get("query"), payload.get("extensions"), cast(Viewer, self.viewer))
            except Unresolved as unknown:
                await self.send_message({"id": message["id"], "type": "error", "payload": [unknown.formatted]})
                return
            payload["query"] = text
        await super().handle_subscribe(message)

    async def _has_room(self, viewer: Viewer) -> bool:
        try:
            self.context.quotas.sockets.take(viewer)
        except TooMany as refused:
            await self.websocket.close(4429, str(refused))
            return False
        self._counted = viewer
        return True

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        with suppress(WebSocketDisconnected):
            try:
                with (
                    self.context.quotas.operations.one(cast(Viewer, self.viewer)),
                    self._watched(operation) as watched,
                ):
                    await self._run(operation, watched)
            except WebSocketDisconnected:
                raise
            except TooMany as refused:
                await operation.send_initial_errors([GraphQLError(str(refused), extensions={"code": TOO_MANY})])
            except Exception as bug:  # noqa: BLE001 masked() logs it
                await operation.send_initial_errors([masked(bug)])

    def _watched(self, operation: Operation[Any, None]) -> Watched:
        return self.context.operations.watched(WEBSOCKET, operation.query, operation.operation_name)

    async def _run(self, operation: Operation[Any, None], watched: Watched) -> None:
        viewer = cast(Viewer, self.viewer)
        asked = Asked(operation.query, operation.operation_name, operation.variables or {}, viewer)
        wire = self.websocket.wire
        together = partial(self.context.broadcasts.tell, _Subscriber(self, operation, wire), asked) if wire else None
        following = Following(wait=together)
        async with aclosing(self.context.run(asked, following)) as results:
            async for result in results:
                watched.saw(result)
                if failed_as_a_whole(result):
                    await operation.send_initial_errors(cast(list[GraphQLError], result.errors))
                    return
                await operation.send_next(result)
        await operation.send_operation_message({"type": "complete", "id": operation.id})


@dataclass(frozen=True, slots=True)
class _Subscriber:
    """An operation that can be told what others are told."""

    handler: TransportHandler
    operation: Operation[Any, None]
    wire: Wire

    def tell(self, answers: Answers) -> bool:
        operation = self.operation
        # An operation that is no longer the one of its id was ended: by its client, or with its token.
        wanted = self.handler.operations.get(operation.id) is operation
        return wanted and self.wire.push(answers.frames(operation.id))


def fault_in(message: object) -> str | None:
    """Why the protocol has no such message, or None when it has."""
    if not isinstance(message, dict):
        return "A message must be an object"
    payload = message.get("payload")
    match message.get("type"):
        case "connection_init" | "ping" | "pong" as kind:
            return None if _is_object_or_null(payload) else f"{kind}: payload must be an object"
        case "subscribe" | "complete" as kind if not _is_id(message.get("id")):
            return f"{kind}: id must be a string, and not empty"
        case "subscribe":
            return _fault_in_request(payload)
        case "complete":
            return None
        case unknown:
            return f"Unknown message type: {unknown!r}"


def _fault_in_request(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "subscribe: payload must be an object"
    by_hash = payload.get("query") in (None, "") and names_one(payload.get("extensions"))
    if not by_hash and not isinstance(payload.get("query"), str):
        return "subscribe: query must be a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "subscribe: operationName must be a string"
    for name in ("variables", "extensions"):
        if not _is_object_or_null(payload.get(name)):
            return f"subscribe: {name} must be an object"
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_object_or_null(value: object) -> bool:
    return value is None or isinstance(value, dict)
