"""Subscriptions as streams of server-sent events: graphql-sse in its distinct connections mode.

What is true of a subscription on a websocket is true of one here: the same authority, quotas and broadcasts.
"""

import asyncio
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass
from functools import partial
from random import random

import orjson
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

from graph.answers import Answers
from graph.beats import call_about
from graph.broadcasts import Asked, Broadcasts, Run
from graph.errors import failed_as_a_whole, masked
from graph.event_stream import COMPLETE, HEADERS, HEARTBEAT, next_event
from graph.following import Following
from graph.negotiation import EVENTS
from graph.outlet import Outlet, chunk, outlet_of
from graph.quotas import Quotas
from graph.sockets import SSE, Sockets, forbid_at
from graph.watched import Operations, Watched

_SECONDS_OF_SILENCE = 15.0
_PATIENCE = 10.0
_HEARTBEAT = chunk(HEARTBEAT)
_TOO_SLOW = GraphQLError("You do not read: subscribe again after your last cursor.", extensions={"code": "TOO_SLOW"})
_FORBIDDEN = GraphQLError("What let you in is not valid any more.", extensions={"code": "UNAUTHENTICATED"})


@dataclass(frozen=True)
class Streams:
    """What every stream of one API shares."""

    run: Run
    broadcasts: Broadcasts
    sockets: Sockets
    quotas: Quotas
    operations: Operations
    patience: float = _PATIENCE
    heartbeat: float = _SECONDS_OF_SILENCE


class EventStream:
    """The answers to one subscription, as a response. It ends with what the authority of its viewer rests on.

    One that is not read for `patience` seconds ends with an error that says so; nobody else waits for it. `start` is
    the number of the event after which to begin, None where the operation says. Raises `TooMany`.
    """

    transport = SSE

    def __init__(self, streams: Streams, asked: Asked, start: int | None = None) -> None:
        self._streams = streams
        self._asked = asked
        self._start = start
        self._telling: asyncio.Task[bytes] | None = None
        self._over = asyncio.Event()
        self.forbidden = False
        with ExitStack() as held:
            held.enter_context(streams.quotas.sockets.one(asked.viewer))
            held.enter_context(streams.quotas.operations.one(asked.viewer))
            streams.sockets.add(asked.viewer, self)
            held.callback(streams.sockets.discard, asked.viewer, self)
            self._held = held.pop_all()

    def stop(self) -> None:
        """Tell nothing more."""
        self.forbidden = True
        if self._telling:
            self._telling.cancel()

    async def forbid(self) -> None:
        """Tell nothing more but that it is over."""
        self.stop()
        await self._over.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outlet = outlet_of(scope)
        gone = outlet.open() if outlet else asyncio.ensure_future(_disconnected(receive))
        with self._held:
            self._held.callback(self._over.set)
            self._held.callback(gone.cancel)
            await send({"type": "http.response.start", "status": 200, "headers": _head()})
            self._begin(send, outlet)
            if last_words := await self._told_until(gone):
                await _end(send, outlet, last_words)

    def _begin(self, send: Send, outlet: Outlet | None) -> None:
        self._telling = asyncio.create_task(self._tell(send, outlet))
        self._held.callback(self._telling.cancel)
        if self.forbidden:
            self._telling.cancel()
        if outlet:
            self._held.callback(_Heart(outlet, self._streams.heartbeat).stop)
        if moment := self._asked.viewer.expires_at:
            self._held.callback(asyncio.create_task(forbid_at(self, moment)).cancel)

    async def _told_until(self, gone: "asyncio.Future[None]") -> bytes | None:
        """What to end with, or None when there is nobody any more to be told."""
        assert self._telling
        await asyncio.wait((self._telling, gone), return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
            return None
        return _failure(_FORBIDDEN) if self.forbidden else self._telling.result()

    async def _tell(self, send: Send, outlet: Outlet | None) -> bytes:
        """Tell everything there is, and return what to end with."""
        with self._streams.operations.watched(SSE, self._asked.query, self._asked.operation_name) as watched:
            return await self._tell_watched(send, outlet, watched)

    async def _tell_watched(self, send: Send, outlet: Outlet | None, watched: Watched) -> bytes:
        together = partial(self._streams.broadcasts.tell, _Subscriber(self, outlet), self._asked) if outlet else None
        following = Following(start=self._start, wait=together)
        try:
            async with aclosing(self._streams.run(self._asked, following)) as results:
                async for result in results:
                    watched.saw(result)
                    if failed_as_a_whole(result):
                        return _failure(*result.errors or ())
                    if outlet:
                        await outlet.room(self._streams.patience)
                    event = next_event(payload(result), following.told)
                    await send({"type": "http.response.body", "body": event, "more_body": True})
        except TimeoutError:
            return _failure(_TOO_SLOW)
        except Exception as bug:  # noqa: BLE001 masked() logs it
            return _failure(masked(bug))
        return COMPLETE


@dataclass(frozen=True, slots=True)
class _Subscriber:
    """A stream that can be told what others are told."""

    stream: EventStream
    outlet: Outlet

    def tell(self, answers: Answers) -> bool:
        return not self.stream.forbidden and self.outlet.push(answers.chunks)


class _Heart:
    """Beats until it is stopped, so that nobody on the way thinks that a quiet connection is a dead one."""

    def __init__(self, outlet: Outlet, seconds: float) -> None:
        self._outlet = outlet
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._timer = call_about(self._loop, random() * seconds, self._beat)

    def _beat(self) -> None:
        self._outlet.push(_HEARTBEAT)
        self._timer = call_about(self._loop, self._seconds, self._beat)

    def stop(self) -> None:
        self._timer.cancel()


def payload(result: ExecutionResult) -> bytes:
    """An answer as JSON."""
    body: dict[str, object] = {} if failed_as_a_whole(result) else {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        body["extensions"] = result.extensions
    return orjson.dumps(body)


def stream_of_one(result: ExecutionResult) -> bytes:
    """The whole body of a stream that tells nothing but this."""
    return next_event(payload(result)) + COMPLETE


def _failure(*errors: GraphQLError) -> bytes:
    return stream_of_one(ExecutionResult(data=None, errors=list(errors)))


def _head() -> list[tuple[bytes, bytes]]:
    headers = {**HEADERS, "Content-Type": f"{EVENTS}; charset=utf-8"}
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def _end(send: Send, outlet: Outlet | None, last_words: bytes) -> None:
    if outlet:
        outlet.hasten()
    await send({"type": "http.response.body", "body": last_words, "more_body": False})
    if outlet:
        outlet.close()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
