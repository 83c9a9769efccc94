"""The body of a response that is written as a stream, made safe against those who do not read it."""

import asyncio
import socket
from typing import TYPE_CHECKING, Protocol, cast

from starlette.types import Scope

from graph.wire import UNSENT

if TYPE_CHECKING:
    from uvicorn.protocols.http.flow_control import FlowControl
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_OUTLET = "wharf.outlet"  # under this name the application finds the Outlet among the extensions of its scope
_USER_TIMEOUT = 40_000  # milliseconds in which a peer must have taken note of what it was sent, as of a ping


class Streaming(Protocol):
    """A connection of uvicorn, on which one response at a time is written."""

    transport: asyncio.Transport
    flow: "FlowControl"
    cycle: "RequestResponseCycle"
    outlet: "Outlet | None"  # where it writes a stream


class Outlet:
    """Where one response goes. What is not read fills 64 KiB here, 64 KiB in the kernel, and what is told at once."""

    __slots__ = ("_cycle", "_door", "_flow", "_lost", "_transport")

    def __init__(self, door: Streaming) -> None:
        self._door = door
        self._transport = door.transport
        self._flow = door.flow
        self._cycle = door.cycle

    def open(self) -> "asyncio.Future[None]":
        """Prepare for a body that is written bit by bit. Returns what is done when the connection is lost."""
        self._set(socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._set(socket.TCP_USER_TIMEOUT, _USER_TIMEOUT)
        self._lost = asyncio.get_running_loop().create_future()
        self._door.outlet = self
        if self._transport.is_closing():
            self.lose()
        return self._lost

    def close(self) -> None:
        """It was written to its end."""
        self._door.outlet = None
        if not self._transport.is_closing():
            self._set(socket.TCP_USER_TIMEOUT, 0)

    def lose(self) -> None:
        """Tell of the loss of the connection."""
        # uvicorn tells only the last request of a connection, and there may be others behind this one.
        self._cycle.disconnected = True
        if not self._lost.done():
            self._lost.set_result(None)

    def push(self, chunks: bytes) -> bool:
        """Send some of `chunk`, unless that would have to wait. Whether it was sent."""
        cycle = self._cycle
        if self._flow.write_paused or cycle.disconnected or cycle.response_complete or self._transport.is_closing():
            return False
        self._transport.write(chunks)
        return True

    async def room(self, patience: float) -> None:
        """Wait until something can be sent. Raises `TimeoutError` after so many seconds."""
        if self._flow.write_paused:
            async with asyncio.timeout(patience):
                await self._flow.drain()

    def hasten(self) -> None:
        """Have what is sent next, which must be the end, not wait for room; the connection is closed after it."""
        if self._flow.write_paused:
            self._cycle.keep_alive = False
            self._flow.resume_writing()

    def _set(self, option: int, value: int) -> None:
        self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, value)


def outlet_of(scope: Scope) -> Outlet | None:
    """That of a request; None: it is served by another server, whose responses can only be awaited."""
    return cast(Outlet | None, scope.get("extensions", {}).get(_OUTLET))


def give_outlet(scope: Scope, outlet: Outlet) -> None:
    scope.setdefault("extensions", {})[_OUTLET] = outlet


def chunk(body: bytes) -> bytes:
    """A part of a body as HTTP/1.1 sends it."""
    return b"%x\r\n%b\r\n" % (len(body), body)
