"""What the engine is told at its start."""

from dataclasses import dataclass, field
from pathlib import Path

from engine.accounts.people import PeopleSettings
from engine.dns.values import DnsServer
from engine.exposures.ports import Ports
from engine.secrets import Secret


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the engine is told at its start."""

    data_directory: Path
    database_url: str
    docker_host: str | None
    network_pool: str
    proxy_image: str
    proxy_address: str
    http_port: int
    https_port: int
    events_kept: int
    database_images: str | None
    tcp_ports: Ports
    tcp_address: str
    public_host: str
    dns_servers: tuple[DnsServer, ...] = ()
    people: PeopleSettings = field(default_factory=PeopleSettings)
    secret_key: Secret | None = field(default=None, repr=False)
