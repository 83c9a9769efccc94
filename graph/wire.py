"""uvicorn's websocket, made safe against those who do not read: nobody waits for them, and nothing grows for them."""

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from random import random
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response

from graph.beats import call_about
from graph.headers import STRICT

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

WIRE = "wharf.wire"  # under this name the application finds the Wire among the extensions of its scope
TOO_SLOW = 4410
_RESUME = "You do not read: subscribe again after your last cursor"
UNSENT = 64 * 1024  # bytes that the kernel keeps for the network; by itself it would take megabytes


class Wire(WebSocketsSansIOProtocol):
    """One connection. What the peer does not read fills 64 KiB here, 64 KiB in the kernel, and what is told at once.

    Whoever lets a message wait for `patience` seconds, or leaves a ping without an answer for uvicorn's 20 seconds,
    is closed with 4410. It can read what was on its way, and then that, for another `last_chance` seconds; after
    them the connection is cut.
    """

    patience = 10.0
    last_chance = 120.0
    on_lost: Callable[[], None] | None = None
    _cut: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rejected = self.conn.reject
        self.conn.reject = self._reject  # type: ignore[method-assign]

    def _reject(self, status: HTTPStatus | int, text: str) -> Response:
        response = self._rejected(status, text)
        response.headers.update((name.decode(), value.decode()) for name, value in STRICT)
        return response

    def push(self, frames: bytes) -> bool:
        """Send some of `text_frame`, unless that would have to wait. Whether it was sent."""
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)

    async def run_asgi(self) -> None:
        cast(dict[str, object], self.scope["extensions"])[WIRE] = self
        await super().run_asgi()

    async def send(self, message: "ASGISendEvent") -> None:
        if message["type"] == "websocket.close":
            self._let_close()
        while not self.writable.is_set():
            await self._wait_for_reader()
        await super().send(message)

    async def _wait_for_reader(self) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await self.writable.wait()
        except TimeoutError:
            await self._give_up()
            raise ClientDisconnected from None

    async def _give_up(self) -> None:
        if not self.close_sent and not self.disconnected:
            await self.send({"type": "websocket.close", "code": TOO_SLOW, "reason": _RESUME})

    def _let_close(self) -> None:
        # A close frame does not wait for room, and its receiver does not have for ever to read it.
        self.writable.set()
        if self.transport.get_write_buffer_size():
            # Closed before the peer has read it all, the kernel would throw the rest away at its next pong.
            self.close_timeout = self.last_chance
        if self._cut is None:
            self._cut = self.loop.call_later(self.last_chance, self.transport.abort)

    def start_keepalive(self) -> None:
        if self.ping_interval:  # whoever came with a thousand others, after a restart, is not pinged with all of them
            self.ping_timer = call_about(self.loop, random() * self.ping_interval, self.send_keepalive_ping)

    def schedule_ping(self) -> None:
        assert self.ping_interval is not None
        self.ping_timer = call_about(self.loop, self.ping_interval - self.last_ping_rtt, self.send_keepalive_ping)

    def keepalive_timeout(self) -> None:
        self.stop_keepalive()
        closing = self.loop.create_task(self._give_up())
        self.tasks.add(closing)
        closing.add_done_callback(self.tasks.discard)

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:  # whoever asks and does not read gets no answers
            self.conn.data_to_send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._cut is not None:
            self._cut.cancel()
        if self.on_lost:
            self.on_lost()
        super().connection_lost(exc)


def text_frame(text: bytes) -> bytes:
    """A whole message as a server sends it, without any extension."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)
