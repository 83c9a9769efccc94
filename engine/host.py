"""Everything that we do on one server: its Docker engine, its networks, its proxy."""

from collections.abc import Awaitable
from dataclasses import dataclass

from engine.deployments.health import HealthChecker
from engine.docker.gateway import DockerGateway
from engine.errors import DockerUnreachable
from engine.networks import Networks
from engine.observer import Observer
from engine.proxy.container import HttpProxy
from engine.publisher import Publisher


@dataclass(slots=True)
class Host:
    """One server and the parts that work on it."""

    instance_id: str
    server_id: str
    docker: DockerGateway
    networks: Networks
    proxy: HttpProxy
    publisher: Publisher
    observer: Observer
    checker: HealthChecker

    async def while_connected(self, job: Awaitable[None]) -> None:
        """Do the job. That Docker does not answer is raised only while it answers otherwise.

        That nobody answers is said once for all; when somebody does, everything is looked at.
        """
        try:
            await job
        except DockerUnreachable:
            if self.observer.connected:
                raise
