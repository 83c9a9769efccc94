"""A Docker engine that can be taken away: a socket that leads to the real one, as long as it is told to.

It also remembers what was asked.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DOCKER = "/var/run/docker.sock"
_REQUEST = re.compile(rb"([A-Z]+) (?:/v[0-9.]+)?/([^ ?]+)\S* HTTP/1\.1\r\n")


class Relay:
    """Listens on `path`, in a thread of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[str] = []  # in the order it came: "GET containers/json"
        self._loop = asyncio.new_event_loop()
        self._silent = asyncio.Event()
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
        """Lead to the real engine again."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    def cut(self) -> None:
        """Nobody listens, every connection breaks."""
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result(5)

    def hang(self) -> None:
        """Connections stay and are accepted, and nothing comes back."""
        self._silent.set()

    async def _listen(self) -> None:
        await self._drop()
        self._silent.clear()
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
        engine_reader, engine_writer = await asyncio.open_unix_connection(DOCKER)
        self._writers |= {writer, engine_writer}
        try:
            there = asyncio.ensure_future(self._pass_on(reader, engine_writer, self._note))
            back = asyncio.ensure_future(self._pass_on(engine_reader, writer))
            await asyncio.wait({there, back})
        finally:
            for each in (writer, engine_writer):
                each.transport.abort()
                self._writers.discard(each)

    def _note(self, data: bytes) -> None:
        # A client waits for an answer before it asks again, so a request begins a piece of its own.
        if found := _REQUEST.match(data):
            self.asked.append(f"{found[1].decode()} {found[2].decode()}")

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        note: Callable[[bytes], None] = lambda _data: None,
    ) -> None:
        try:
            while data := await reader.read(65536):
                if self._silent.is_set():
                    continue
                note(data)
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (ConnectionError, OSError):
            return


@contextmanager
def running_relay(path: Path) -> Iterator[Relay]:
    relay = Relay(path)
    relay.start()
    try:
        yield relay
    finally:
        relay.close()
