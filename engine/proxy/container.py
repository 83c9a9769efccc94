"""The HTTP proxy's container: there, running, what we want it to be, and on the networks it routes into."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from engine.certificates.storage import files_in, without
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState, ContainerSummary
from engine.errors import DockerFailure, DockerNotFound, EngineError, PortTaken, ProxyFailure
from engine.outside import REAL, Outside
from engine.proxy.acme import CERTIFICATES_DIR, STORAGE_DIR, AcmeResolver, storage_archive
from engine.proxy.archive import CONFIG_DIR
from engine.proxy.carriers import ByArchive, ByDirectory, Carrier, NotShared
from engine.proxy.compiler import Compiled
from engine.proxy.image import available_image, possible_images
from engine.proxy.internal import every_little_while, loading_deadline
from engine.proxy.spec import GRACE_SECONDS, ProxySettings, container_name, container_spec, filling
from engine.proxy.tls import AcmeCertificate, is_to_be_stored

log = logging.getLogger(__name__)

_START_SECONDS = 10.0  # from Docker's "started" until Traefik begins to load its first document


async def _reached(_network: str, _address: str) -> None:
    """A process on the Docker host reaches every network of it."""


class HttpProxy:
    """One Traefik for all applications of this instance. Everything here can be repeated after a crash."""

    def __init__(
        self,
        docker: DockerGateway,
        settings: ProxySettings,
        reach: Callable[[str, str], Awaitable[None]] = _reached,
        outside: Outside = REAL,
        *,
        directory: Path | None = None,
    ) -> None:
        """`reach` does what this process needs, if anything, to speak, from this address, to what is on a network.

        Documents go through `directory` to the container, where Docker can share it with one.
        """
        self.docker = docker
        self.settings = settings
        self._reach = reach
        self.outside = outside
        self.internal = outside.internal_api(settings.address, settings.key)
        self.changing = asyncio.Lock()  # one change at a time, of the container or of what it is told
        self._name: str | None = None
        self.container_id = ""
        self._certificates: tuple[AcmeCertificate, ...] = ()
        self._archive = ByArchive(docker)
        self._directory = ByDirectory(docker, directory) if directory else None

    async def move(self, network_subnet: str) -> None:
        """Use this range for the management network, instead of one that the host turned out to use itself."""
        await self.close()
        self.settings = replace(self.settings, network_subnet=network_subnet)
        self.internal = self.outside.internal_api(self.settings.address, self.settings.key)

    def use(self, resolvers: tuple[AcmeResolver, ...], certificates: tuple[AcmeCertificate, ...]) -> bool:
        """Have the proxy know these resolvers once it is ensured again; whether they are others than before.

        What it has stored of others than these certificates is forgotten whenever it is replaced.
        """
        self._certificates = certificates
        changed = self.settings.resolvers != resolvers
        self.settings = replace(self.settings, resolvers=resolvers)
        return changed

    async def stored(self) -> dict[str, bytes]:
        """The files in which it keeps certificates and their keys, by name."""
        return files_in(await self.docker.get_archive(self.name, CERTIFICATES_DIR))

    async def forget_superfluous(self) -> None:
        """Have it forget the certificates that are of no use any more, where it has any; then it stops for a second.

        As long as it knows of one for a name, from whomever, it orders no other.
        """
        async with self.changing:
            if await self._superfluous(self.name):
                log.info(
                    "The proxy is stopped for a moment: it has certificates in mind that others take the place of."
                )
                await self.docker.stop_container(self.name, GRACE_SECONDS)
                try:
                    await self._tidy(self.name)
                finally:
                    await self.docker.start_container(self.name)

    async def _superfluous(self, name: str) -> dict[str, bytes]:
        files = files_in(await self.docker.get_archive(name, CERTIFICATES_DIR))
        return without(files, partial(is_to_be_stored, self._certificates))

    async def _tidy(self, name: str) -> None:
        """Only while it does not run: it writes down what it has in mind."""
        if changed := await self._superfluous(name):
            await self.docker.put_archive(name, STORAGE_DIR, storage_archive(changed))

    async def close(self) -> None:
        """Let go of what we hold here. The proxy runs on."""
        await self.internal.close()

    @property
    def name(self) -> str:
        """The container in use, which `ensure` has found or made."""
        if self._name is None:
            raise ProxyFailure("The proxy has not been started yet.")
        return self._name

    @property
    def found(self) -> bool:
        """Whether there is a container in use."""
        return self._name is not None

    @property
    def carrier(self) -> Carrier:
        """What brings documents to the container in use."""
        return self._directory if self._directory and self.settings.shared else self._archive

    async def adopt(self, present: Iterable[ContainerSummary]) -> set[str] | None:
        """Use the proxy among these containers if it runs as the settings want it, and is the only one.

        The networks that it has joined, without its own; None where `ensure` has to look after it. The one
        question to Docker is that of `reach`, and where we run in a container where its files lie.
        """
        found = [each for each in present if self.settings.labels.items() <= each.labels.items()]
        async with self.changing:
            await self._choose_carrier(found)
            if len(found) != 1 or not self._as_wanted(found[0]):
                return None
            await self._reach(self.settings.network, self.settings.our_address)
            self._name, self.container_id = found[0].name, found[0].id
            return set(found[0].addresses) - {self.settings.network}

    def _as_wanted(self, found: ContainerSummary) -> bool:
        return (
            found.name in self._names()
            and found.state is ContainerState.RUNNING
            and found.addresses.get(self.settings.network) == self.settings.address
            and self.carrier.reaches(found)
        )

    def _names(self) -> set[str]:
        specs = (container_spec(self.settings, image) for image in possible_images(self.settings.image))
        return {container_name(self.settings, spec) for spec in specs}

    async def ensure(self, document: Compiled, networks: Collection[str] = (), *, trusted: bool = True) -> None:
        """The proxy runs, as the settings want it, and is a member of these networks.

        A running one keeps its document and all its networks. One that does not run, or is not `trusted` to
        serve anything, is made anew, with `document`. A running one of another making is replaced by one with
        `document` and all its networks: the new one is made ready first, and when it does not start, the old
        one runs again and ProxyFailure says why.
        """
        async with self.changing:
            await self._make_network()
            image = await available_image(self.docker, self.settings.image)
            await self._choose_carrier(await self.docker.list_containers(self.settings.labels))
            try:
                with self._sharing():
                    await self._ensure(image, document, networks, trusted)
            except NotShared as reason:
                log.info("Routes go to the proxy through Docker's archive API: %s", reason)
                self._share_nothing()
                await self._ensure(image, document, networks, trusted)

    async def attach(self, network: str) -> None:
        """The proxy is a member of this network."""
        async with self.changing:
            await self.docker.connect_network(network, self.name)

    async def detach(self, network: str) -> None:
        """The proxy is not a member of this network."""
        async with self.changing:
            await self.docker.disconnect_network(network, self.name)

    async def attached(self) -> set[str]:
        """The networks that the proxy has joined, without its own."""
        facts = await self.docker.inspect_container(self.name)
        self.container_id = facts.id
        return set(facts.addresses) - {self.settings.network}

    async def _choose_carrier(self, found: Iterable[ContainerSummary]) -> None:
        """Share our directory, unless it cannot be, or a proxy runs already that found out that it cannot be."""
        if self._directory is None or self.settings.shared:
            return
        shared = await self.outside.path_on_host(self.docker, self._directory.base)
        running = {each.name for each in found if each.state is ContainerState.RUNNING}
        if shared is None or ":" in shared or running & self._names():
            self._share_nothing()
        else:
            self.settings = replace(self.settings, shared=shared)

    def _share_nothing(self) -> None:
        if self._directory:
            self._directory.forget_others("")
        self._directory = None
        self.settings = replace(self.settings, shared=None)

    async def _ensure(self, image: str, document: Compiled, networks: Collection[str], trusted: bool) -> None:
        spec = container_spec(self.settings, image)
        name = container_name(self.settings, spec)
        found = await self.docker.list_containers(self.settings.labels)
        others = [each for each in found if each.name != name]
        usable = [each for each in found if each.name != name or self.carrier.reaches(each)]
        running = [each.name for each in usable if trusted and await self._runs(each)]
        if name in running:
            await self.docker.put_archive(name, CONFIG_DIR, filling(self.settings))
        else:
            log.info("The proxy does not run as it should; starting one.")
            await self._prepare(name, spec, document)
        await self._join(name, {*networks, *(network for each in others for network in each.addresses)})
        if name not in running:
            await self._swap(name, running, document)
        self._name = name
        for other in others:
            await self.docker.remove_container(other.name)
        if self._directory:
            self._directory.forget_others(name)

    async def _make_network(self) -> None:
        try:
            await self.docker.inspect_network(self.settings.network)
        except DockerNotFound:
            await self.docker.create_network(
                self.settings.network, subnet=self.settings.network_subnet, labels=self.settings.labels
            )
        await self._reach(self.settings.network, self.settings.our_address)

    async def _runs(self, summary: ContainerSummary) -> bool:
        # When Docker tells that a container has died, its list says for a moment that it runs.
        if summary.state is not ContainerState.RUNNING:
            return False
        try:
            return (await self.docker.inspect_container(summary.id)).state is ContainerState.RUNNING
        except DockerNotFound:
            return False

    async def _prepare(self, name: str, spec: dict[str, Any], document: Compiled) -> None:
        # One that is there but does not run may hold on to a network that is gone, and could not start.
        await self.docker.remove_container(name)
        marks = await self.carrier.before_creation(name, document)
        await self.docker.create_volume(self.settings.storage, self.settings.labels)
        await self.docker.create_container(name, spec | {"Labels": spec["Labels"] | marks})
        await self.docker.put_archive(name, CONFIG_DIR, filling(self.settings))
        await self.docker.put_archive(name, STORAGE_DIR, storage_archive({}))
        await self.carrier.after_creation(name, document)

    async def _join(self, name: str, networks: set[str]) -> None:
        for network in sorted(networks - {self.settings.network}):
            try:
                # Docker would connect a container that does not run to anything, and then not start it.
                await self.docker.inspect_network(network)
                await self.docker.connect_network(network, name)
            except DockerNotFound:
                log.warning("The proxy does not join the network %s: there is none.", network)

    async def _swap(self, name: str, running: Sequence[str], document: Compiled) -> None:
        try:
            for other in running:
                await self.docker.stop_container(other, GRACE_SECONDS)
            with suppress(DockerFailure):  # what is superfluous does no harm, but that nothing starts would
                await self._tidy(name)
            await self.docker.start_container(name)
            await self._until_loaded(name, document)
        except PortTaken as failure:
            await self._go_back(name, running)
            raise self._port_taken(failure) from failure
        except BaseException:
            await self._go_back(name, running)
            raise

    async def _until_loaded(self, name: str, document: Compiled) -> None:
        async for _ in every_little_while(_START_SECONDS + loading_deadline(document)):
            if await self.internal.loaded():
                return
            facts = await self.docker.inspect_container(name)
            if facts.restart_count or facts.state is not ContainerState.RUNNING:
                break
        words = await last_words(self.docker, name)
        raise ProxyFailure(f"The proxy did not load its first configuration{words}")

    @contextmanager
    def _sharing(self) -> Iterator[None]:
        """Tell what Docker cannot do because of our directory from what it cannot do at all."""
        try:
            yield
        except DockerFailure as error:
            if self.settings.shared and self.settings.shared in error.sentence:
                raise NotShared(error.sentence) from error
            raise

    async def _go_back(self, name: str, running: Sequence[str]) -> None:
        if running:
            await self.docker.remove_container(name)
        for other in running:
            await self.docker.start_container(other)

    def _port_taken(self, failure: PortTaken) -> ProxyFailure:
        ports = (self.settings.http_port, self.settings.https_port)
        named = [str(port) for port in ports if re.search(rf"\b{port}\b", failure.sentence)]
        return ProxyFailure(
            f"Port {' or '.join(named or map(str, ports))} of this host, which the proxy needs, belongs to "
            "another program. Stop that one, or set WHARF_HTTP_PORT and WHARF_HTTPS_PORT to others."
        )


async def last_words(docker: DockerGateway, name: str) -> str:
    """What the Traefik in this container complained about last, as the end of a sentence."""
    try:
        lines = await docker.log_tail(name, 20)
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
