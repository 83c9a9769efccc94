"""Seeing what a TCP proxy does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from db.models.tcp_proxies import TcpProxyReason, TcpProxyState
from engine.docker.gateway import DockerGateway
from engine.docker.translation import refused
from engine.docker.values import ContainerFacts, ContainerState, ContainerSummary
from engine.errors import DockerNotFound, EngineError
from engine.outside import Outside
from engine.proxy.container import last_words
from engine.proxy.internal import InternalApi
from engine.proxy.tcp.container import proxy_labels
from engine.proxy.tcp.document import ENTRY_POINT, compile_document
from engine.proxy.tcp.failure import TcpProxyFailure, reason_of
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.spec import TcpProxySpec

START_TIME = timedelta(seconds=10)  # from Docker's "started" until Traefik begins to load its first document


class Lookout:
    """Looks at proxies from outside, and asks them. Nothing is remembered."""

    def __init__(self, docker: DockerGateway, outside: Outside) -> None:
        self._docker = docker
        self._outside = outside

    async def observe(self, spec: TcpProxySpec) -> TcpProxyObservation:
        """What the proxy does at this moment, whatever that is: nothing is raised."""
        try:
            found = await self._docker.list_containers(proxy_labels(spec.instance_id, spec.id))
            running = [each for each in found if each.state is ContainerState.RUNNING]
            if running:
                return await self._look_at(spec, running[0])
            if found:
                return await self._autopsy(await self._docker.inspect_container(found[0].id))
        except DockerNotFound:
            pass  # it went while we looked
        except EngineError as error:
            return TcpProxyObservation(TcpProxyState.FAILED, reason_of(error), error.sentence)
        return TcpProxyObservation(TcpProxyState.CLOSED)

    async def gateway(self, network: str) -> str:
        """The Docker host's own address in a network. Raises `TcpProxyFailure`."""
        try:
            return (await self._docker.inspect_network(network)).gateways[0]
        except DockerNotFound as error:
            sentence = f"The network {network} of the database is not there."
            raise TcpProxyFailure(TcpProxyReason.START_REFUSED, sentence) from error

    @asynccontextmanager
    async def internal(self, spec: TcpProxySpec, name: str) -> AsyncIterator[InternalApi]:
        """The way into a running proxy, whose address is another one after each start."""
        address = (await self._docker.inspect_container(name)).addresses.get(spec.network, "")
        internal = self._outside.internal_api(address, spec.key)
        try:
            yield internal
        finally:
            await internal.close()

    async def _look_at(self, spec: TcpProxySpec, found: ContainerSummary) -> TcpProxyObservation:
        sample = await self._docker.sample(found.id)
        document = compile_document(spec, await self.gateway(spec.network))
        async with self.internal(spec, found.name) as internal:
            loaded = await internal.loaded()
            connections = await internal.open_connections(ENTRY_POINT) if loaded else None
        state, message = TcpProxyState.LISTENING, ""
        if loaded is None:
            state, message = await self._silence(found.id), "The TCP proxy runs and does not answer."
        elif loaded.revision != document.revision:
            state, message = TcpProxyState.FAILED, "The TCP proxy runs and serves as it was told before."
        return TcpProxyObservation(
            state=state,
            reason=TcpProxyReason.NOT_LISTENING if state is TcpProxyState.FAILED else None,
            message=message if state is TcpProxyState.FAILED else "",
            open_connections=connections,
            received_bytes=sample.network_received_bytes if sample else None,
            sent_bytes=sample.network_sent_bytes if sample else None,
            private_memory_bytes=sample.anonymous_bytes if sample else None,
        )

    async def _silence(self, container_id: str) -> TcpProxyState:
        """What it means that a proxy that runs does not answer."""
        started_at = (await self._docker.inspect_container(container_id)).started_at
        # The engine's clock need not be ours: one that starts in the future has started, too.
        young = started_at is not None and datetime.now(UTC) - started_at < START_TIME
        return TcpProxyState.PENDING if young else TcpProxyState.FAILED

    async def _autopsy(self, facts: ContainerFacts) -> TcpProxyObservation:
        """Why a proxy that has a container does not run."""
        if facts.error:
            error = refused(f"start container {facts.name}", None, facts.error)
            return TcpProxyObservation(TcpProxyState.FAILED, reason_of(error), error.sentence)
        words = await last_words(self._docker, facts.name)
        sentence = f"The TCP proxy has ended with exit code {facts.exit_code}{words}"
        return TcpProxyObservation(TcpProxyState.FAILED, TcpProxyReason.EXITED, sentence)
