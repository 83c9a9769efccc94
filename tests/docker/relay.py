"""A Docker engine that can be taken away: a socket that leads to the real one, as long as it is told to."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DOCKER = "/var/run/docker.sock"


class Relay:
    """Listens on `path`, in a thread of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
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
            there = asyncio.ensure_future(self._pass_on(reader, engine_writer))
            back = asyncio.ensure_future(self._pass_on(engine_reader, writer))
            await asyncio.wait({there, back})
        finally:
            for each in (writer, engine_writer):
                each.transport.abort()
                self._writers.discard(each)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if self._silent.is_set():
                    continue
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
