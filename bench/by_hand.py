"""What somebody would do without us: containers by Docker's API, and a Traefik with one file to write."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiodocker
import aiohttp
from aiodocker.containers import DockerContainer

from bench.server import Server, until_answered
from tests.conftest import free_port

_LABEL = "wharf-bench"
_PROBE_SECONDS = 0.01


class ByHand:
    """A Traefik on a network of its own; `write` tells it its routes."""

    def __init__(self, docker: aiodocker.Docker, session: aiohttp.ClientSession, directory: Path) -> None:
        self.name = f"wharf-bench-{secrets.token_hex(4)}"
        self.port = free_port()
        self._docker = docker
        self._session = session
        self._directory = directory

    async def start(self, image: str) -> None:
        """Start the Traefik of this image and wait until it answers."""
        await self._docker.networks.create({"Name": self.name, "CheckDuplicate": True})
        self.write({f"{self.name}.test": "http://127.0.0.1:9"})
        arguments = [
            "--entryPoints.web.address=:8080",
            "--providers.file.filename=/routes/http.yml",
            "--providers.providersThrottleDuration=50ms",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
        ]
        published = {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(self.port)}]}
        await self.run(
            image,
            Entrypoint=["/usr/local/bin/traefik"],
            Cmd=arguments,
            ExposedPorts={"8080/tcp": {}},
            HostConfig={"Binds": [f"{self._directory}:/routes:ro"], "PortBindings": published},
        )

    async def run(self, image: str, **more: Any) -> DockerContainer:
        """A new container on our network."""
        config = {"Image": image, "Labels": {_LABEL: self.name}, **more}
        config["HostConfig"] = {**more.get("HostConfig", {}), "NetworkMode": self.name}
        container = await self._docker.containers.create(config)
        await container.start()
        return container

    async def healthy(self, container: DockerContainer) -> str:
        """The URL of a container of the sample image, once it says that it is well."""
        facts = await container.show()
        url = f"http://{facts['NetworkSettings']['Networks'][self.name]['IPAddress']}:8000"
        while True:
            if await self._is_well(f"{url}/health"):
                return url
            await asyncio.sleep(_PROBE_SECONDS)

    def write(self, routes: Mapping[str, str]) -> None:
        """Write the file that the Traefik watches: host → URL."""
        services = {url: f"service-{number}" for number, url in enumerate(sorted(set(routes.values())))}
        routers = {
            f"router-{number}": {"rule": f"Host(`{host}`)", "entryPoints": ["web"], "service": services[url]}
            for number, (host, url) in enumerate(sorted(routes.items()))
        }
        balancers = {name: {"loadBalancer": {"servers": [{"url": url}]}} for url, name in services.items()}
        beside = self._directory / "http.yml.new"
        beside.write_text(json.dumps({"http": {"routers": routers, "services": balancers}}))
        beside.rename(self._directory / "http.yml")

    async def until_answered(self, host: str, besides: str = "") -> str:
        """The first good answer of `host` through our Traefik."""
        return await until_answered(self._session, self.port, host, besides)

    async def clean_up(self) -> None:
        """Remove everything that was made here."""
        filters = {"label": [f"{_LABEL}={self.name}"]}
        for container in await self._docker.containers.list(all=True, filters=filters):
            await container.delete(force=True, v=True)
        for network in await self._docker.networks.list(filters={"name": [self.name]}):
            await (await self._docker.networks.get(network["Id"])).delete()

    async def _is_well(self, url: str) -> bool:
        try:
            async with self._session.get(url) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def by_hand(server: Server) -> AsyncGenerator[ByHand]:
    """A Traefik of the image that the server's proxy runs."""
    async with aiodocker.Docker() as docker:
        with TemporaryDirectory(prefix="wharf-bench-") as directory:
            made = ByHand(docker, server.session, Path(directory))
            try:
                await made.start(await _image_of_proxy(docker, server))
                yield made
            finally:
                await made.clean_up()


async def _image_of_proxy(docker: aiodocker.Docker, server: Server) -> str:
    labels = [f"wharf.instance={server.instance_id}", "wharf.kind=proxy"]
    proxy, *_ = await docker.containers.list(filters={"label": labels})
    return str((await proxy.show())["Config"]["Image"])
