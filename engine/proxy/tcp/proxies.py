"""The TCP proxies of one server: made, told, read back, removed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from db.models.tcp_proxies import TcpProxyReason
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState, ContainerSummary
from engine.errors import DockerFailure, DockerNotFound, EngineError, PortTaken, ProxyFailure
from engine.outside import REAL, Outside
from engine.proxy.carriers import NotShared
from engine.proxy.compiler import Compiled
from engine.proxy.container import last_words
from engine.proxy.image import available_image
from engine.proxy.internal import InternalApi, every_little_while, loading_deadline
from engine.proxy.tcp.container import made_for_port, proxy_labels
from engine.proxy.tcp.document import compile_document
from engine.proxy.tcp.failure import TcpProxyFailure, reason_of
from engine.proxy.tcp.lookout import START_TIME, Lookout
from engine.proxy.tcp.making import Making, Makings
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.ports import Holder, holding_container, holding_process
from engine.proxy.tcp.spec import TcpProxySpec, objection

_GRACE_SECONDS = 1


class TcpProxies:
    """One small Traefik for each exposed database. Everything here can be repeated after a crash."""

    def __init__(
        self,
        docker: DockerGateway,
        *,
        image: str = "traefik:v3.7.15",
        outside: Outside = REAL,
        directory: Path | None = None,
    ) -> None:
        """Documents go through `directory` to the containers, where Docker can share it with them.

        Whoever calls is on the networks of the proxies, or on the Docker host, which reaches all of them.
        """
        self._docker = docker
        self._image = image
        self._outside = outside
        self._makings = Makings(docker, outside, directory)
        self._lookout = Lookout(docker, outside)

    async def ensure(self, spec: TcpProxySpec) -> None:
        """The proxy runs and serves as it is specified. Raises `TcpProxyFailure`.

        One that runs and differs in its document only is told the new one: its sessions go on, also those of
        clients that may not connect any more. One of another making is replaced, which ends its sessions; on
        failure it runs again, or, where its port was another, has never stopped. A proxy that did not run leaves
        nothing behind when it fails.
        """
        if problem := objection(spec):
            raise TcpProxyFailure(TcpProxyReason.INTERNAL, problem)
        try:
            await self._ensure_somehow(spec)
        except TcpProxyFailure:
            raise
        except PortTaken as error:
            holder = await self._holder(spec)
            raise TcpProxyFailure(TcpProxyReason.PORT_TAKEN, _taken(spec, holder), holder) from error
        except EngineError as error:
            raise TcpProxyFailure(reason_of(error), error.sentence) from error

    async def remove(self, instance_id: str, proxy_id: str) -> None:
        """Afterwards nothing is left of the proxy, and its sessions have ended. Raises `DockerFailure`."""
        for each in await self._docker.list_containers(proxy_labels(instance_id, proxy_id)):
            await self._docker.remove_container(each.id)
        self._makings.forget(proxy_id)

    async def observe(self, spec: TcpProxySpec) -> TcpProxyObservation:
        """What the proxy does at this moment, whatever that is: nothing is raised."""
        return await self._lookout.observe(spec)

    async def _ensure_somehow(self, spec: TcpProxySpec) -> None:
        try:
            await self._ensure(spec)
        except NotShared as reason:
            self._makings.give_up_sharing(reason)
            await self._ensure(spec)

    async def _ensure(self, spec: TcpProxySpec) -> None:
        document = compile_document(spec, await self._lookout.gateway(spec.network))
        image = await available_image(self._docker, self._image)
        found = await self._docker.list_containers(proxy_labels(spec.instance_id, spec.id))
        making = await self._makings.of(spec, image, found)
        others = [each for each in found if each.name != making.name]
        if await self._runs(making, found):
            await self._tell(spec, making, document)
        else:
            await self._replace(spec, making, others, document)
        for other in others:
            await self._docker.remove_container(other.id)
        self._makings.forget(spec.id, besides=making.name)

    async def _runs(self, making: Making, found: Sequence[ContainerSummary]) -> bool:
        for each in found:
            if each.name == making.name and each.state is ContainerState.RUNNING and making.carrier.reaches(each):
                # When Docker tells that a container has died, its list says for a moment that it runs.
                with suppress(DockerNotFound):
                    return (await self._docker.inspect_container(each.id)).state is ContainerState.RUNNING
        return False

    async def _replace(
        self, spec: TcpProxySpec, making: Making, others: Sequence[ContainerSummary], document: Compiled
    ) -> None:
        running = [each for each in others if each.state is ContainerState.RUNNING]
        in_the_way = [each for each in running if made_for_port(each.labels, spec.port)]
        try:
            await self._prepare(making, document)
            for other in in_the_way:
                await self._docker.stop_container(other.id, _GRACE_SECONDS)
            await self._docker.start_container(making.name)
            await self._until_loaded(spec, making.name, document)
        except BaseException:
            await self._docker.remove_container(making.name)
            for other in in_the_way:
                await self._docker.start_container(other.id)
            self._makings.forget(spec.id, besides=running[0].name if running else "")
            raise

    async def _prepare(self, making: Making, document: Compiled) -> None:
        # One that is there but does not run may hold on to a network that is gone, and could not start.
        await self._docker.remove_container(making.name)
        marks = await making.carrier.before_creation(making.name, document)
        spec = making.spec | {"Labels": making.spec["Labels"] | marks}
        try:
            await self._docker.create_container(making.name, spec)
        except DockerFailure as error:
            if making.shared and making.shared in error.sentence:
                raise NotShared(error.sentence) from error
            raise
        await making.carrier.after_creation(making.name, document)

    async def _tell(self, spec: TcpProxySpec, making: Making, document: Compiled) -> None:
        async with self._lookout.internal(spec, making.name) as internal:
            loaded = await internal.loaded()
            if loaded and loaded.revision == document.revision and making.carrier.holds(making.name, document):
                return
            for _ in range(2):
                await making.carrier.bring(making.name, document, loaded.slot if loaded else 0)
                if await _loads(internal, document):
                    await making.carrier.keep(making.name)
                    return
        words = await last_words(self._docker, making.name)
        raise ProxyFailure(f"The TCP proxy did not load its new configuration{words}")

    async def _until_loaded(self, spec: TcpProxySpec, name: str, document: Compiled) -> None:
        async with self._lookout.internal(spec, name) as internal:
            async for _ in every_little_while(START_TIME.total_seconds() + loading_deadline(document)):
                if await internal.loaded():
                    return
                facts = await self._docker.inspect_container(name)
                if facts.restart_count or facts.state is not ContainerState.RUNNING:
                    break
        words = await last_words(self._docker, name)
        raise ProxyFailure(f"The TCP proxy did not load its first configuration{words}")

    async def _holder(self, spec: TcpProxySpec) -> Holder | None:
        """Who has the port, as far as Docker and this machine tell."""
        with suppress(DockerFailure):
            found = await self._docker.containers_on_port(spec.port)
            if holder := holding_container(found, spec.bind_address, spec.port, spec.instance_id):
                return holder
            if self._docker.on_this_machine and not await self._outside.own_container(self._docker):
                return await asyncio.to_thread(holding_process, spec.bind_address, spec.port)
        return None


async def _loads(internal: InternalApi, document: Compiled) -> bool:
    """Whether the document is in use before it is too late."""
    async for _ in every_little_while(loading_deadline(document)):
        loaded = await internal.loaded()
        if loaded and loaded.revision == document.revision:
            return True
    return False


def _taken(spec: TcpProxySpec, holder: Holder | None) -> str:
    return f"Port {spec.port} of {spec.bind_address} belongs to {holder or 'another program of the host'}."
