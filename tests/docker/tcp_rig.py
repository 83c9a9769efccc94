"""TCP proxies of a test's own on the real Docker, with a server behind them. All of it is gone afterwards."""

import asyncio
import itertools
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from db.models.tcp_proxies import TcpProxyState
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerSummary
from engine.proxy.tcp.certificate import Certificate
from engine.proxy.tcp.container import proxy_labels
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.proxies import TcpProxies
from engine.proxy.tcp.spec import Backend, TcpProxySpec
from tests.conftest import free_port
from tests.docker import tcp_backend
from tests.docker.tcp_clients import Session, connect
from tests.engine.proxy.backend import IMAGE, ensure_image
from tests.engine.proxy.tcp.examples import certificate

# Nobody listens there: the image is made on this machine, and no test waits for a registry.
UNPULLABLE = "127.0.0.1:9/traefik:v3"
WAITING = ["/usr/bin/python3", "-c", "import time; time.sleep(100)"]
ECHO, GREETING, TLS_ECHO, POSTGRESQL, POSTGRESQL_TLS = 7001, 7002, 7003, 7004, 7005


class TcpRig:
    """`proxies` may be made anew, as a restart of the control plane does."""

    def __init__(self, docker: DockerGateway, directory: Path | None) -> None:
        """Documents go through `directory`, or without one through Docker's archive API."""
        self.docker = docker
        self.directory = directory
        self.instance_id = f"test-{secrets.token_hex(4)}"
        self.labels = {"wharf.instance": self.instance_id}
        self.network = f"wharf-tcp-{self.instance_id}"
        self.backend = f"database-{self.instance_id}"
        self.proxies = self.new_proxies()
        self._numbers = itertools.count()
        self._sessions: list[Session] = []

    def new_proxies(self) -> TcpProxies:
        return TcpProxies(self.docker, image=UNPULLABLE, directory=self.directory)

    def spec(self, server: int = ECHO, **fields: object) -> TcpProxySpec:
        """A proxy of its own for a port of the server, bound to 127.0.0.1 where `fields` say nothing else."""
        made = TcpProxySpec(
            id=f"{next(self._numbers):026}",
            instance_id=self.instance_id,
            database_id="d" * 26,
            key="an-example-of-a-key",
            network=self.network,
            backend=Backend(self.backend, server),
            port=free_port(),
            bind_address="127.0.0.1",
        )
        return replace(made, **fields)  # type: ignore[arg-type]

    async def exposed(self, server: int = ECHO, **fields: object) -> TcpProxySpec:
        """The same, listening."""
        spec = self.spec(server, **fields)
        await self.proxies.ensure(spec)
        return spec

    async def observe(self, spec: TcpProxySpec) -> TcpProxyObservation:
        return await self.proxies.observe(spec)

    async def until(self, spec: TcpProxySpec, state: TcpProxyState, seconds: float = 10.0) -> TcpProxyObservation:
        """What is seen of the proxy as soon as it is in this state."""
        async with asyncio.timeout(seconds):
            while (seen := await self.observe(spec)).state is not state:
                await asyncio.sleep(0.05)
            return seen

    async def connect(self, spec: TcpProxySpec, host: str = "127.0.0.1") -> Session:
        """A client's session, which ends with the test."""
        self._sessions.append(await connect(spec, host))
        return self._sessions[-1]

    async def connect_tls(
        self, spec: TcpProxySpec, trusted: Certificate, name: str | None, *, postgresql: bool = False, alpn: str = ""
    ) -> Session:
        """The same, in TLS that is verified for `name`; without a name for 127.0.0.1, and none is sent.

        In PostgreSQL's manner, the client asks whether it may begin with TLS first.
        """
        session = await self.connect(spec)
        await session.start_tls(trusted, name, postgresql=postgresql, alpn=alpn)
        return session

    async def containers(self, spec: TcpProxySpec) -> list[ContainerSummary]:
        return await self.docker.list_containers(proxy_labels(self.instance_id, spec.id))

    async def container(self, spec: TcpProxySpec) -> ContainerSummary:
        """The one that the proxy has."""
        (found,) = await self.containers(spec)
        return found

    async def pid(self, spec: TcpProxySpec) -> int:
        pid = (await self.docker.inspect_container((await self.container(spec)).id)).pid
        assert pid, "it does not run"
        return pid

    async def gateway(self) -> str:
        return (await self.docker.inspect_network(self.network)).gateways[0]

    async def run(self, name: str, **more: object) -> str:
        """A container of the test's that runs, on the proxies' network unless `more` says another; its id."""
        spec = {"Image": IMAGE, "Labels": self.labels, "HostConfig": {"NetworkMode": self.network}} | more
        container_id = await self.docker.create_container(name, spec)
        await self.docker.start_container(name)
        return container_id

    async def make_network(self, name: str) -> None:
        subnet = f"10.{random.randrange(200, 240)}.{random.randrange(256)}.64/26"
        await self.docker.create_network(name, subnet=subnet, labels=self.labels)

    async def start_backend(self, pem: str) -> None:
        """The server, ready to listen to clients."""
        source = Path(tcp_backend.__file__).read_text()
        command = ["/usr/bin/python3", "-I", "-S", "-c", source]
        await self.run(self.backend, Cmd=command, Env=[f"PEM={pem}"])
        async with aclosing(self.docker.logs(self.backend, follow=True, tail=None, since=None)) as lines:
            async for _ in lines:
                break  # the first line says that it listens

    async def remove_everything(self) -> None:
        for session in self._sessions:
            await session.close()
        for container in await self.docker.list_containers(self.labels):
            await self.docker.remove_container(container.id)
        for network in await self.docker.list_networks(self.labels):
            await self.docker.remove_network(network.id)


@asynccontextmanager
async def rigged(directory: Path | None) -> AsyncIterator[TcpRig]:
    """A network with the server on it. Its TLS is that of `SERVER`."""
    docker = DockerGateway(None)
    rig = TcpRig(docker, directory)
    try:
        await ensure_image(docker)
        await rig.make_network(rig.network)
        await rig.start_backend(SERVER.chain + SERVER.key.reveal())
        yield rig
    finally:
        await rig.remove_everything()
        await docker.close()


SERVER = certificate("server.test")
