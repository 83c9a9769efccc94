"""Everything that we do on one server: its Docker engine, its networks, its proxy."""

from dataclasses import dataclass

from engine.deployments.health import HealthChecker
from engine.docker.gateway import DockerGateway
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
