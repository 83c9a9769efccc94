"""A server of the demo's own: its process, its data, its ports."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp

_WHARF = str(Path(sys.executable).with_name("wharf"))
_DATA = Path(".cache/demo").absolute()
LOG = Path(".cache/demo-server.log")
_STARTED_WITHIN = 30.0
_STOPPED_WITHIN = 20.0


class ServerFailed(Exception):
    """The server, or a command, said no in its own words."""


class DemoServer:
    """`wharf serve` on fresh data, reachable from this machine only. Other settings (WHARF_*) stay as they are."""

    def __init__(self) -> None:
        self.environ = {
            "WHARF_LISTEN": f"127.0.0.1:{_first_free(8000, 8001, 8010)}",
            "WHARF_PROXY_ADDRESS": "127.0.0.1",
            "WHARF_HTTP_PORT": str(_first_free(80, 8080, 18080)),
            "WHARF_HTTPS_PORT": str(_first_free(443, 8443, 18443)),
            "WHARF_DATABASE_IMAGES": "wharf.local",
            "WHARF_PUBLIC_HOST": "127.0.0.1",
            **os.environ,
            "WHARF_DATA_DIRECTORY": str(_DATA),
        }
        self.address = self.environ["WHARF_LISTEN"]
        self.http_port = self.environ["WHARF_HTTP_PORT"]
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, session: aiohttp.ClientSession) -> None:
        """Start the server and wait until it answers. Raises `ServerFailed`."""
        self._process = self._launch()
        deadline = time.monotonic() + _STARTED_WITHIN
        while not await self._answers(session):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(f"the server did not start:\n{_log()}")
            await asyncio.sleep(0.05)

    def _launch(self) -> "subprocess.Popen[bytes]":
        if _DATA.exists():
            self.command("uninstall", "--yes", "--volumes")
            shutil.rmtree(_DATA)
        LOG.parent.mkdir(exist_ok=True)
        with LOG.open("wb") as log:
            # In a session of its own, else Ctrl-C would reach it as well.
            return subprocess.Popen(
                [_WHARF, "serve"], env=self.environ, stdout=log, stderr=log, start_new_session=True
            )

    def command(self, *words: str) -> str:
        """What `wharf` with these words prints. Raises `ServerFailed`."""
        done = subprocess.run(
            [_WHARF, *words], env=self.environ, capture_output=True, text=True, start_new_session=True
        )
        if done.returncode:
            raise ServerFailed(f"`wharf {' '.join(words)}` failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def stop(self) -> None:
        """Stop the server, if it was started, and take away what it made on the Docker host."""
        if self._process is None:
            return
        print("\nTaking everything down again …", end=" ", flush=True)
        self._process.terminate()
        try:
            self._process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.command("uninstall", "--yes", "--volumes")
        shutil.rmtree(_DATA, ignore_errors=True)
        print("done.", flush=True)

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://{self.address}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def running_server(session: aiohttp.ClientSession) -> AsyncIterator[DemoServer]:
    """A server that answers, taken down at the end with everything it made. Raises `ServerFailed`."""
    server = DemoServer()
    try:
        await server.start(session)
        yield server
    finally:
        server.stop()


def _log() -> str:
    return LOG.read_text().strip()


def _first_free(*ports: int) -> int:
    for port in ports:
        with closing(socket.socket()) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"none of the ports {', '.join(map(str, ports))} is free")
