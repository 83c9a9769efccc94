"""Which container a TCP proxy is to have, and how documents come into it."""

import logging
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState, ContainerSummary
from engine.outside import Outside
from engine.proxy.carriers import ByArchive, ByDirectory, Carrier, NotShared
from engine.proxy.tcp.container import container_name, container_spec, name_prefix
from engine.proxy.tcp.spec import TcpProxySpec

log = logging.getLogger(__name__)


def directory_in(data_directory: Path) -> Path:
    """Where the documents lie that the TCP proxies read from a directory of ours."""
    return data_directory / "tcp-proxies"


@dataclass(frozen=True, slots=True)
class Making:
    """One container: its name, what Docker is to make, and what brings documents to it."""

    name: str
    spec: dict[str, Any]
    carrier: Carrier
    shared: str | None  # where the Docker host has the directories of all of them, if this one reads from there


class Makings:
    """Finds out once whether Docker can share our directory with containers; without, its archive API has to do."""

    def __init__(self, docker: DockerGateway, outside: Outside, directory: Path | None) -> None:
        self._docker = docker
        self._outside = outside
        self._archive = ByArchive(docker)
        self._directory = ByDirectory(docker, directory) if directory else None
        self._shared: str | None = None

    async def of(self, spec: TcpProxySpec, image: str, found: Iterable[ContainerSummary]) -> Making:
        """The container that runs, if it is one that is wanted, else the one to be made."""
        await self._share()
        running = {each.name for each in found if each.state is ContainerState.RUNNING}
        archived = self._making(spec, image, self._archive, None)
        # One that runs without our directory is as good: to try again would end its sessions.
        if self._directory is None or archived.name in running:
            return archived
        return self._making(spec, image, self._directory, self._shared)

    def give_up_sharing(self, reason: NotShared) -> None:
        """Docker cannot share our directory after all."""
        log.info("What TCP proxies are told goes through Docker's archive API: %s", reason)
        self._directory = None

    def forget(self, proxy_id: str, besides: str = "") -> None:
        """Remove the directories of this proxy's containers, but one."""
        for each in self._directory.base.glob(f"{name_prefix(proxy_id)}*/") if self._directory else ():
            if each.name != besides:
                shutil.rmtree(each, ignore_errors=True)

    async def _share(self) -> None:
        if self._directory and self._shared is None:
            self._shared = await self._outside.path_on_host(self._docker, self._directory.base)
            if self._shared is None or ":" in self._shared:
                self._directory = None

    def _making(self, spec: TcpProxySpec, image: str, carrier: Carrier, shared: str | None) -> Making:
        made = container_spec(spec, image, shared)
        return Making(container_name(spec.id, made), made, carrier, shared)
