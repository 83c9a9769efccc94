"""The server that is measured: a process of its own, reached as anybody would reach it."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from demo.client import Client
from tests.docker.world import Application, World

_ANSWERED_WITHIN = 30.0
_POLL_SECONDS = 0.005


class Server(World):
    """An installation, with a client and a visitor that keep their connections."""

    session: aiohttp.ClientSession
    preloads = False

    @property
    def client(self) -> Client:
        return Client(self.session, f"127.0.0.1:{self.port}", self.token)

    async def deployed(self, environment_id: str, name: str, **fields: object) -> Application:
        """A new application of the sample image that serves `<name>.test`."""
        application = await self.application(environment_id, name, **fields)
        await redeployed(application)
        return application

    async def until_answered(self, host: str, besides: str = "") -> str:
        """The first good answer of `host` through the proxy, as `until_answered`."""
        return await until_answered(self.session, self.http_port, host, besides)


@asynccontextmanager
async def running_server() -> AsyncGenerator[Server]:
    """A fresh installation, gone afterwards with everything it made on the Docker host."""
    with TemporaryDirectory(prefix="wharf-bench-") as directory:
        server = Server(Path(directory))
        try:
            await asyncio.to_thread(server.start)
            async with aiohttp.ClientSession() as server.session:
                yield server
        finally:
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.command, "uninstall", "--yes", "--volumes")


async def redeployed(application: Application) -> None:
    """Deploy a new release and wait until the old one is gone."""
    ended = await application.deploy()
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"A deployment {ended['status'].lower()}: {ended['failure']}")


async def until_answered(session: aiohttp.ClientSession, port: int, host: str, besides: str = "") -> str:
    """The first answer of `host` on this port with status 200 and another text than `besides`."""
    async with asyncio.timeout(_ANSWERED_WITHIN):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/", headers={"Host": host}) as answer:
                text = await answer.text()
            if answer.status == 200 and text != besides:
                return text
            await asyncio.sleep(_POLL_SECONDS)


class Stopwatch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def read(self) -> float:
        return (time.perf_counter() - self._start) * 1000
