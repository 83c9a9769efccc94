"""A Docker engine that can be taken away: a socket that leads to the real one, as long as it is told to.

It also remembers what was asked.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

DOCKER = "/var/run/docker.sock"
_REQUEST = re.compile(rb"([A-Z]+) (?:/v[0-9.]+)?/([^ ?]+)\S* HTTP/1\.1\r\n")


class Silence(Enum):
    """What of the engine's answers does not come back."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    BODIES = "all but the heads of answers"
    EVENTS = "the streams of events that are open now"
    CALLS = "all but the stream of events"


class Relay:
    """Listens on `path`, in a thread of its own."""

    def __init__(self, path: Path, engine: str) -> None:
        self.path = path
        self.asked: list[str] = []  # in the order it came: "GET containers/json"
        self._engine = engine
        self._loop = asyncio.new_event_loop()
        self._silence = Silence.NOTHING
        self._links: set[_Link] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def start(self) -> None:
        self._thread.start()
        self.mend()

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def mend(self) -> None:
        """Lead to the real engine again; what it leads to already stays connected."""
        if self._server and self._silence is Silence.NOTHING:
            return
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    def cut(self) -> None:
        """Nobody listens, every connection breaks."""
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result(5)

    def hang(self, silence: Silence = Silence.EVERYTHING) -> None:
        """Connections stay and are accepted, and some of it does not come back."""
        self._silence = silence
        for link in list(self._links):
            link.muted = silence is Silence.EVENTS and link.tells_events

    async def _listen(self) -> None:
        await self._drop()
        self._silence = Silence.NOTHING
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._connected, self.path)

    async def _drop(self) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        self.path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()
        # What was aborted ends in the next turns of the loop.
        while self._writers:
            await asyncio.sleep(0.01)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            engine_reader, engine_writer = await asyncio.open_unix_connection(self._engine)
        except OSError:  # an engine of a test's own may be dead
            writer.transport.abort()
            return
        self._writers |= {writer, engine_writer}
        link = _Link()
        self._links.add(link)
        try:
            there = asyncio.ensure_future(self._pass_on(reader, engine_writer, link, self._asked))
            back = asyncio.ensure_future(self._pass_on(engine_reader, writer, link, self._heard))
            await asyncio.wait({there, back})
        finally:
            self._links.discard(link)
            for each in (writer, engine_writer):
                each.transport.abort()
                self._writers.discard(each)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        link: "_Link",
        passed: Callable[["_Link", bytes], bytes],
    ) -> None:
        try:
            while data := await reader.read(65536):
                if rest := passed(link, data):
                    writer.write(rest)
                    await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (ConnectionError, OSError):
            return

    def _asked(self, link: "_Link", data: bytes) -> bytes:
        link.tells_events = b"/events?" in data[:200]
        if self._silence is Silence.EVERYTHING:
            return b""
        # A client waits for an answer before it asks again, so a request begins a piece of its own.
        if found := _REQUEST.match(data):
            self.asked.append(f"{found[1].decode()} {found[2].decode()}")
        return data

    def _heard(self, link: "_Link", data: bytes) -> bytes:
        if link.muted:
            return b""
        match self._silence:
            case Silence.EVERYTHING:
                return b""
            case Silence.BODIES:
                head, end, _ = data.partition(b"\r\n\r\n")
                return head + end if end else b""
            case Silence.CALLS:
                return data if link.tells_events else b""
            case _:
                return data


@dataclass(eq=False, slots=True)
class _Link:
    """One connection through the relay."""

    tells_events: bool = False
    muted: bool = False


@contextmanager
def running_relay(path: Path, engine: str = DOCKER) -> Iterator[Relay]:
    relay = Relay(path, engine)
    relay.start()
    try:
        yield relay
    finally:
        relay.close()
