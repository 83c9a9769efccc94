"""A server of the demo's own: its process, its data, its ports."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import aiohttp

_WHARF = str(Path(sys.executable).with_name("wharf"))
_DATA = Path(".cache/demo").absolute()
_STARTED_WITHIN = 30.0


class DemoServer:
    """`wharf serve` on fresh data, reachable from this machine only. Other settings (WHARF_*) are left as they are."""

    def __init__(self) -> None:
        port = _first_free(8000, 8001, 8010)
        self.environ = {
            "WHARF_LISTEN": f"127.0.0.1:{port}",
            "WHARF_PROXY_ADDRESS": "127.0.0.1",
            "WHARF_HTTP_PORT": str(_first_free(80, 8080, 18080)),
            "WHARF_HTTPS_PORT": str(_first_free(443, 8443, 18443)),
            **os.environ,
            "WHARF_DATA_DIRECTORY": str(_DATA),
        }
        self.address = self.environ["WHARF_LISTEN"]
        self.http_port = int(self.environ["WHARF_HTTP_PORT"])

    async def start(self, session: aiohttp.ClientSession) -> None:
        """Start the server and wait until it answers."""
        if _DATA.exists():
            self.command("uninstall", "--yes", "--volumes")
            shutil.rmtree(_DATA)
        _DATA.mkdir(parents=True)
        with (_DATA / "server.log").open("wb") as log:
            self._process = subprocess.Popen([_WHARF, "serve"], env=self.environ, stdout=log, stderr=log)
        deadline = time.monotonic() + _STARTED_WITHIN
        while not await self._answers(session):
            if self._process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"The server did not start:\n{(_DATA / 'server.log').read_text()}")
            await asyncio.sleep(0.05)

    def command(self, *words: str) -> str:
        """What `wharf` with these words prints."""
        done = subprocess.run([_WHARF, *words], env=self.environ, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    def stop(self) -> None:
        """Stop the server and take away what it made on the Docker host."""
        self._process.terminate()
        self._process.wait(timeout=20)
        self.command("uninstall", "--yes", "--volumes")

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://{self.address}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


def _first_free(*ports: int) -> int:
    for port in ports:
        with closing(socket.socket()) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit(f"None of the ports {', '.join(map(str, ports))} is free.")
