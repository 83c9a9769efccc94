"""uvicorn's HTTP connection, made safe against those who come in crowds and those who dawdle."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from engine.attempts import neighbours
from graph.headers import STRICT
from graph.outlet import Outlet, give_outlet
from graph.peers import peer
from graph.wire import Wire

MAX_CONNECTIONS = 10_000
MAX_OF_PEER = 1_200  # connections, websockets among them
MAX_HEAD = 256 * 1024  # bytes of a request beside its body; the parser itself would keep any number


class Crowd:
    """The connections there are, in all and of each peer. A trusted proxy has those of many, and no limit."""

    def __init__(
        self, trusted: Iterable[str] = (), most: int = MAX_CONNECTIONS, most_of_peer: int = MAX_OF_PEER
    ) -> None:
        self._trusted = [ip_network(each) for each in trusted]
        self._most = most
        self._most_of_peer = most_of_peer
        self._counts: Counter[str] = Counter()
        self._all = 0

    def __len__(self) -> int:
        return self._all

    def enter(self, address: str) -> str | None:
        """Let a connection in, to be counted by what is returned until it leaves; None: there is no room."""
        key = neighbours(address)
        if len(self) >= self._most or (self._counts[key] >= self._most_of_peer and not self._trusts(address)):
            return None
        self._counts[key] += 1
        self._all += 1
        return key

    def leave(self, key: str) -> None:
        self._all -= 1
        self._counts[key] -= 1
        if not self._counts[key]:
            del self._counts[key]

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)


class Door(HttpToolsProtocol):
    """One connection. A request's head has `patience` seconds to arrive, and its answer `last_chance` to be read.

    What arrives too late is answered with 408, a head that is too large with 431, and who finds no room with 503;
    then the connection is closed.
    """

    crowd: Crowd
    patience = 10.0
    last_chance = 60.0
    _place: str | None = None
    _beside_bodies = 0
    outlet: Outlet | None = None
    _deadline: asyncio.TimerHandle | None = None
    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._place = self.crowd.enter(peer({"client": self.client}))
        if self._place is None:
            self._refuse(503, "There are too many connections. Try again later.")
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and (
            self.cycle is None or self.cycle.response_complete or not self.cycle.more_body
        ):
            self._expect()
        self._beside_bodies += len(data)
        super().data_received(data)
        if self._beside_bodies > MAX_HEAD:
            self._refuse(431, "The head of the request is too large.")

    def on_message_begin(self) -> None:
        self._beside_bodies = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._beside_bodies -= len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        earlier = self.cycle
        super().on_headers_complete()
        if self.cycle is not earlier:  # otherwise it becomes a websocket
            give_outlet(cast(Scope, self.scope), Outlet(self))

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._cut is None and self.transport.get_write_buffer_size():
            self._cut = self.loop.call_later(self.last_chance, self._cut_off)

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        wire = self.transport.get_protocol()
        if isinstance(wire, Wire):
            wire.on_lost = self._leave

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)
        if self.outlet:
            self.outlet.lose()

    def shutdown(self) -> None:
        super().shutdown()
        if self.outlet:  # a stream has no end that could be waited for
            self.transport.close()

    def _expect(self) -> None:
        self._deadline = self.loop.call_later(self.patience, self._refuse, 408, "The request took too long.")

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut_off(self) -> None:
        self._cut = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _leave(self) -> None:
        self._stop_waiting()
        if self._cut is not None:
            self._cut.cancel()
        if self._place is not None:
            self.crowd.leave(self._place)
            self._place = None

    def _refuse(self, status: int, sentence: str) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        body = f"{sentence}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *STRICT,
        ]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + body)
        self.transport.close()


def door(crowd: Crowd) -> type[Door]:
    """What uvicorn makes connections of, which are counted in this crowd."""
    return type("Door", (Door,), {"crowd": crowd})
