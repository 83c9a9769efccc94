"""The HTTP proxy's container: there, running, what we want it to be, and on the networks it routes into."""

import asyncio
import logging
import re
from collections.abc import Collection, Sequence
from typing import Any

import orjson

from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState, ContainerSummary
from engine.errors import DockerConflict, DockerNotFound, EngineError, PortTaken, ProxyFailure
from engine.proxy.archive import CONFIG_DIR, first_filling
from engine.proxy.compiler import Compiled
from engine.proxy.image import available_image
from engine.proxy.internal import InternalApi, every_little_while
from engine.proxy.spec import GRACE_SECONDS, ProxySettings, container_name, container_spec, static_configuration

log = logging.getLogger(__name__)

_START_SECONDS = 15.0  # from Docker's "started" to the first document loaded


class HttpProxy:
    """One Traefik for all applications of this instance. Everything here can be repeated after a crash."""

    def __init__(self, docker: DockerGateway, settings: ProxySettings) -> None:
        self.docker = docker
        self.settings = settings
        self.internal = InternalApi(settings.address, settings.key)
        self.changing = asyncio.Lock()  # one change at a time, of the container or of what it is told
        self._name: str | None = None

    async def close(self) -> None:
        """Let go of what we hold here. The proxy runs on."""
        await self.internal.close()

    @property
    def name(self) -> str:
        """The container in use, which `ensure` has found or made."""
        if self._name is None:
            raise ProxyFailure("The proxy has not been started yet.")
        return self._name

    async def ensure(self, document: Compiled, networks: Collection[str] = ()) -> None:
        """The proxy runs, as the settings want it, on these networks and all it was on before.

        `document` is what a proxy that does not run starts with; a running one keeps what it has. A proxy of
        another making is replaced: the new one is made ready first, and when it does not start, the old one
        runs again and ProxyFailure says why.
        """
        async with self.changing:
            await self._make_network()
            spec = container_spec(self.settings, await available_image(self.docker, self.settings.image))
            name = container_name(self.settings, spec)
            found = await self._containers()
            others = [each for each in found if each.name != name]
            if not any(each.name == name and each.state is ContainerState.RUNNING for each in found):
                await self._prepare(name, spec, document)
                await self._join(name, {*networks, *await self._networks_of(others)})
                await self._swap(name, [each.name for each in others if each.state is ContainerState.RUNNING])
            self._name = name
            for other in others:
                await self.docker.remove_container(other.name)

    async def attach(self, network: str) -> None:
        """The proxy is a member of this network."""
        async with self.changing:
            await self._join(self.name, {network})

    async def detach(self, network: str) -> None:
        """The proxy is not a member of this network."""
        async with self.changing:
            if network in await self.attached():
                await self.docker.disconnect_network(network, self.name)

    async def attached(self) -> set[str]:
        """The networks that the proxy has joined, without its own."""
        facts = await self.docker.inspect_container(self.name)
        return set(facts.addresses) - {self.settings.network}

    async def last_words(self) -> str:
        """What Traefik complained about last, as the end of a sentence."""
        return await self._last_words(self.name)

    async def _containers(self) -> Sequence[ContainerSummary]:
        return await self.docker.list_containers(self.settings.labels)

    async def _make_network(self) -> None:
        try:
            await self.docker.inspect_network(self.settings.network)
        except DockerNotFound:
            await self.docker.create_network(
                self.settings.network, subnet=self.settings.network_subnet, labels=self.settings.labels
            )

    async def _prepare(self, name: str, spec: dict[str, Any], document: Compiled) -> None:
        try:
            await self.docker.create_container(name, spec)
        except DockerConflict:
            log.info("The proxy's container is there already, and is started again.")
        filling = first_filling(static_configuration(self.settings), document)
        await self.docker.put_archive(name, CONFIG_DIR, filling)

    async def _networks_of(self, others: Sequence[ContainerSummary]) -> set[str]:
        facts = [await self.docker.inspect_container(other.name) for other in others]
        return {network for each in facts for network in each.addresses} - {self.settings.network}

    async def _join(self, name: str, networks: Collection[str]) -> None:
        joined = (await self.docker.inspect_container(name)).addresses
        for network in sorted(set(networks) - set(joined)):
            await self.docker.connect_network(network, name)

    async def _swap(self, name: str, running: Sequence[str]) -> None:
        for other in running:
            await self.docker.stop_container(other, GRACE_SECONDS)
        try:
            await self.docker.start_container(name)
            await self._until_loaded(name)
        except BaseException as failure:
            explained = self._explained(failure)
            await self._go_back(name, running)
            raise explained from failure

    async def _until_loaded(self, name: str) -> None:
        async for _ in every_little_while(_START_SECONDS):
            if await self.internal.loaded():
                return
            facts = await self.docker.inspect_container(name)
            if facts.restart_count or facts.state is not ContainerState.RUNNING:
                break
        raise ProxyFailure(f"The proxy did not load its first configuration{await self._last_words(name)}")

    async def _go_back(self, name: str, running: Sequence[str]) -> None:
        if running:
            await self.docker.remove_container(name)
        for other in running:
            await self.docker.start_container(other)

    def _explained(self, failure: BaseException) -> BaseException:
        if not isinstance(failure, PortTaken):
            return failure
        ports = (self.settings.http_port, self.settings.https_port)
        named = [str(port) for port in ports if re.search(rf"\b{port}\b", failure.sentence)]
        return ProxyFailure(
            f"Port {' or '.join(named or map(str, ports))} of this host, which the proxy needs, belongs to "
            "another program. Stop that one, or choose another port for the proxy in the settings."
        )

    async def _last_words(self, name: str) -> str:
        try:
            lines = await self.docker.log_tail(name, 20)
        except EngineError:
            return "."
        complaints = [said for line in lines if (said := _complaint(line.text))]
        return f": Traefik says {complaints[-1]!r}." if complaints else "; Traefik's log does not say why."


def _complaint(line: str) -> str | None:
    try:
        entry = orjson.loads(line)
        level, message, error = entry["level"], entry["message"], entry.get("error")
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return line  # not Traefik's log, but what its runtime said when it ended
    # Each delivery takes the link away for a moment, and Traefik complains about it.
    if level not in ("error", "fatal") or "no such file" in str(error):
        return None
    return f"{message} {error}" if error else str(message)
