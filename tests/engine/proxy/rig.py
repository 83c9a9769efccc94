"""A proxy of a test's own on the real Docker, with something to route to. All of it is gone afterwards."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from engine.docker.gateway import DockerGateway
from engine.proxy.compiler import Compiled, compile_routes
from engine.proxy.container import HttpProxy
from engine.proxy.delivery import Delivery
from engine.proxy.routes import RoutedApplication
from engine.proxy.spec import ProxySettings
from tests.conftest import free_port
from tests.engine.proxy.backend import IMAGE, ensure_image

KEY = "an-example-of-a-key"
# Nobody listens there: the image is made on this machine, and no test waits for a registry.
UNPULLABLE = "127.0.0.1:9/traefik:v3"


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]


class Rig:
    """`settings` may be replaced, and `proxy` made anew from it, as a restart of the control plane does."""

    def __init__(self, docker: DockerGateway, visitor: aiohttp.ClientSession, directory: Path | None) -> None:
        """Documents go through `directory`, or without one through Docker's archive API."""
        self.directory = directory
        self.docker = docker
        self.visitor = visitor
        self.subnets = f"10.{random.randrange(200, 240)}.{random.randrange(256)}"
        self.settings = ProxySettings(
            instance_id=f"test-{secrets.token_hex(4)}",
            key=KEY,
            network_subnet=f"{self.subnets}.0/29",
            image=UNPULLABLE,
            http_port=free_port(),
            https_port=free_port(),
            bind_address="127.0.0.1",
        )
        self.network = f"wharf-0-{self.settings.instance_id}"  # sorts before whatever else is called wharf-…
        self.labels = {"wharf.instance": self.settings.instance_id}
        self._proxies: list[HttpProxy] = []

    def new_proxy(self, settings: ProxySettings | None = None) -> tuple[HttpProxy, Delivery]:
        proxy = HttpProxy(self.docker, settings or self.settings, directory=self.directory)
        self._proxies.append(proxy)
        return proxy, Delivery(proxy)

    async def make_network(self) -> None:
        await self.docker.create_network(self.network, subnet=f"{self.subnets}.64/26", labels=self.labels)

    async def start_backend(self, name: str, *command: str, **variables: str) -> str:
        """A container named so on the network that has begun to speak; its address, "" if it has ended."""
        spec: dict[str, object] = {
            "Image": IMAGE,
            "Env": [f"{key}={value}" for key, value in {"VERSION": name, **variables}.items()],
            "Labels": self.labels,
            "HostConfig": {"NetworkMode": self.network},
        }
        await self.docker.create_container(name, spec | ({"Cmd": command} if command else {}))
        await self.docker.start_container(name)
        async with aclosing(self.docker.logs(name, follow=True, tail=None, since=None)) as lines:
            async for _ in lines:
                break  # the first line says that it listens
        return (await self.docker.inspect_container(name)).addresses.get(self.network, "")

    async def visit(self, host: str, path: str = "/", *, port: int = 0, **options: object) -> Answer:
        """A visitor's request to the plain port; every one comes over a connection of its own."""
        url = f"http://127.0.0.1:{port or self.settings.http_port}{path}"
        headers = {"Host": host, **options.pop("headers", {})}  # type: ignore[dict-item]
        method = str(options.pop("method", "GET"))
        async with self.visitor.request(method, url, headers=headers, **options) as answer:  # type: ignore[arg-type]
            return Answer(answer.status, await answer.text(), dict(answer.headers))

    @asynccontextmanager
    async def visitors(self, host: str, count: int = 4) -> AsyncIterator[Counter[str]]:
        """Visitors who ask without a pause, half of them over kept connections; counts what they saw."""
        seen: Counter[str] = Counter()
        over = asyncio.Event()
        visiting = [asyncio.create_task(self._visit_on(host, seen, over, bool(i % 2))) for i in range(count)]
        try:
            yield seen
        finally:
            over.set()
            await asyncio.gather(*visiting)

    async def _visit_on(self, host: str, seen: Counter[str], over: asyncio.Event, keep: bool) -> None:
        url, headers = f"http://127.0.0.1:{self.settings.http_port}/", {"Host": host}
        connector = aiohttp.TCPConnector(force_close=not keep)
        async with aiohttp.ClientSession(connector=connector) as session:
            while not over.is_set():
                try:
                    async with session.get(url, headers=headers) as answer:
                        await answer.read()
                        seen[f"{answer.status} {answer.headers.get('X-Version', '')}".strip()] += 1
                except aiohttp.ClientError as error:
                    seen[type(error).__name__] += 1

    async def remove_everything(self) -> None:
        for proxy in self._proxies:
            await proxy.close()
        for container in await self.docker.list_containers(self.labels):
            await self.docker.remove_container(container.id)
        for network in await self.docker.list_networks(self.labels):
            await self.docker.remove_network(network.id)


@asynccontextmanager
async def rigged(directory: Path | None) -> AsyncIterator[Rig]:
    docker = DockerGateway(None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as visitor:
        rig = Rig(docker, visitor, directory)
        try:
            await ensure_image(docker)
            yield rig
        finally:
            await rig.remove_everything()
            await docker.close()


def document(*applications: RoutedApplication) -> Compiled:
    return compile_routes(applications, key=KEY)
