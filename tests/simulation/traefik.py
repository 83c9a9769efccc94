"""The simulated proxy: it serves what was put into its container, a while later, for as long as that runs."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.deployments.probes import nobody_listens
from engine.dns.values import AddressKind, CaaRecord, DnsServer
from engine.docker.gateway import DockerGateway
from engine.errors import ProxyFailure
from engine.outside import Outside
from engine.proxy.compiler import RELEASE_HEADER
from engine.proxy.internal import InternalApi, Loaded, ProbeAnswer
from engine.proxy.reach import Met, NobodyAnswers
from engine.release_spec import HealthCheck
from tests.simulation.docker import Daemon, SimulatedDocker
from tests.simulation.machine import Machine
from tests.simulation.objects import SimulatedContainer

_MARK = re.compile(r"`/revision/(\w+)/(\d+)`")
_HOST = re.compile(r"Host\(`([^`]+)`\)")
_LOADS = (0.03, 0.3)
_FIRST_LOADS = (0.3, 0.7)


@dataclass(slots=True)
class Document:
    """What the proxy serves from: by host the containers of a service, or None for a holding page."""

    loaded: Loaded
    hosts: dict[str, list[str] | None] = field(default_factory=dict)
    reach: str = ""
    probes: dict[str, tuple[str, list[str]]] = field(default_factory=dict)  # application id: release id, containers
    lets_go: bool = False  # whether what was held during a maintenance goes on


class Traefik:
    """What each proxy container serves. Forgotten when the container ends, read again when it starts."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.served: dict[tuple[str, int], Document] = {}
        self._read: dict[str, Document] = {}
        machine.file_written.append(self._written)
        machine.started.append(self._started)

    @property
    def proxy(self) -> SimulatedContainer | None:
        """The container that has the ports."""
        return next((each for each in self.machine.containers.values() if each.is_proxy and each.running), None)

    @property
    def document(self) -> Document | None:
        """What visitors are served from now."""
        proxy = self.proxy
        return self.served.get((proxy.id, proxy.life)) if proxy and proxy.listening else None

    def reaches(self, name: str) -> SimulatedContainer | None:
        """The container of this name, if the proxy is on one of its networks and it listens."""
        proxy = self.proxy
        if proxy is None:
            return None
        for container in self.machine.containers.values():
            if container.name == name and container.listening and container.endpoints.keys() & proxy.endpoints.keys():
                return container
        return None

    def _written(self, container: SimulatedContainer) -> None:
        if not container.is_proxy or not container.running:
            return
        if self.machine.weather.happens(self.machine.weather.proxy_deaf):
            self.machine.trace("    (the proxy does not notice its new document)")
            return
        self._load_later(container, _LOADS)

    def _started(self, container: SimulatedContainer) -> None:
        if container.is_proxy:
            self._load_later(container, _FIRST_LOADS)

    def _load_later(self, container: SimulatedContainer, seconds: tuple[float, float]) -> None:
        life = container.life

        def load() -> None:
            if container.running and container.life == life and (text := _document_in(container.files)):
                document = self._parsed(text)
                self.served[container.id, life] = document
                served = [f"{host} → {'/'.join(to) if to else 'page'}" for host, to in document.hosts.items()]
                self.machine.trace(f"proxy: serves {document.loaded.revision[:6]} {', '.join(served)}")
                self.machine.note()

        self.machine.later(self.machine.weather.within(*seconds), load)

    def _parsed(self, text: str) -> Document:
        found = self._read.get(text)
        if found is None:
            found = self._read[text] = _parse(orjson.loads(text)["http"])
        return found


def _document_in(files: dict[str, str]) -> str | None:
    return files.get("http.yml") or files.get("live/http.yml")


def _parse(http: dict[str, Any]) -> Document:
    services = {
        name: [server["url"].removeprefix("http://").split(":")[0] for server in service["loadBalancer"]["servers"]]
        for name, service in http.get("services", {}).items()
    }
    mark = _MARK.search(http["routers"]["revision"]["rule"])
    assert mark, "every document bears its mark"
    document = Document(Loaded(mark[1], int(mark[2])))
    document.reach = http["middlewares"]["reach"]["plugin"]["wharf"]["page"]["html"]
    plugins = [each["plugin"]["wharf"] for each in http["middlewares"].values() if "plugin" in each]
    document.lets_go = any("release" in plugin for plugin in plugins)
    for name, router in http["routers"].items():
        if any(each.startswith("redirect-") for each in router.get("middlewares", ())):
            continue
        if host := _HOST.match(router["rule"]):
            document.hosts[host[1]] = services.get(router["service"])
        elif name.startswith("probe-"):
            release = http["middlewares"][name]["headers"]["customResponseHeaders"][RELEASE_HEADER]
            document.probes[name.removeprefix("probe-")] = release, services[router["service"]]
    return document


class SimulatedInternalApi(InternalApi):
    """What the running proxy answers over its management network."""

    def __init__(self, address: str, key: str, traefik: Traefik) -> None:
        super().__init__(address, key)
        self._address = address
        self._traefik = traefik

    async def close(self) -> None:
        return None

    async def loaded(self, seconds: float = 2.0) -> Loaded | None:
        await self._way()
        document = self._document()
        return document.loaded if document else None

    async def refused_routers(self) -> AsyncIterator[tuple[str, str]]:
        await self._way()
        if self._document() is None:
            raise ProxyFailure("The proxy does not tell which routes it refused: nobody answers.")
        refused: tuple[tuple[str, str], ...] = ()
        for router in refused:
            yield router

    async def probe(self, application_id: str, path: str, host: str, seconds: float) -> ProbeAnswer:
        await self._way()
        document = self._document()
        if document is None:
            raise ProxyFailure("The proxy cannot be reached: nobody answers.")
        if application_id not in document.probes:
            return ProbeAnswer(404, None)
        release, names = document.probes[application_id]
        chosen = self._traefik.machine.weather.lot.choice(names)
        return ProbeAnswer(200 if self._traefik.reaches(chosen) else 502, release)

    def _document(self) -> Document | None:
        proxy = self._traefik.proxy
        if proxy is None or all(end.address != self._address for end in proxy.endpoints.values()):
            return None
        return self._traefik.document

    async def _way(self) -> None:
        await asyncio.sleep(self._traefik.machine.weather.within(0.0005, 0.005))


class SimulatedOutside(Outside):
    """The whole simulated world, as the engine reaches it."""

    def __init__(self, daemon: Daemon, traefik: Traefik) -> None:
        self._daemon = daemon
        self._traefik = traefik

    def docker(self, host: str | None) -> DockerGateway:
        return SimulatedDocker(self._daemon)

    def internal_api(self, address: str, key: str) -> InternalApi:
        return SimulatedInternalApi(address, key, self._traefik)

    async def probe_tcp(self, address: str, port: int, check: HealthCheck) -> None:
        machine = self._daemon.machine
        await asyncio.sleep(machine.weather.within(0.0005, 0.005))
        container = machine.at_address(address, port)
        if container is None:
            raise nobody_listens(port)
        container.passed = True

    async def probe_http(self, address: str, port: int, check: HealthCheck) -> None:
        await self.probe_tcp(address, port, check)

    async def count_connections(self, pid: int, container_id: str, addresses: Collection[str]) -> int | None:
        machine = self._daemon.machine
        await asyncio.sleep(machine.weather.within(0.0005, 0.005))
        return 1 if machine.weather.happens(0.3) else 0

    async def shown_certificate(self, address: str, host: str) -> None:
        """Nothing here is over HTTPS."""

    async def path_on_host(self, docker: DockerGateway, path: Path) -> str | None:
        """As with an engine on another machine: documents go through its archives."""
        return None

    async def addresses_of(self, name: str, kind: AddressKind, servers: tuple[DnsServer, ...]) -> tuple[str, ...]:
        """Every name points to the machine."""
        await asyncio.sleep(self._daemon.machine.weather.within(0.0005, 0.005))
        return ("127.0.0.1",) if kind == "A" else ()

    async def caa_records_of(self, name: str, servers: tuple[DnsServer, ...]) -> tuple[CaaRecord, ...]:
        return ()

    async def who_answers(self, address: str, port: int, host: str, path: str, *, secure: bool) -> Met:
        await asyncio.sleep(self._daemon.machine.weather.within(0.0005, 0.005))
        if self._traefik.document is None:
            raise NobodyAnswers("nothing listens there")
        return Met(200, word=self._traefik.document.reach)

    def is_own_address(self, address: str) -> bool:
        return True

    async def own_container(self, docker: DockerGateway) -> str | None:
        return None
