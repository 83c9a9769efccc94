"""The proxy's container and its static configuration. Pure: settings → values."""

import hmac
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network
from typing import Any

import orjson

from engine.proxy.acme import (
    STORAGE_DIR,
    AcmeResolver,
    resolver_files,
    resolver_variables,
    resolvers_section,
)
from engine.proxy.archive import CONFIG_DIR, LIVE_DIR, PROXY_USER, first_filling
from engine.proxy.middlewares import Entrance
from engine.proxy.routers import Ports
from engine.proxy.templates import plugin_files, static_pattern

INTERNAL_PORT = 8090
WEB_PORT, SECURE_PORT = 8080, 8443  # inside the container, as in static.yml
GRACE_SECONDS = 5  # a little more than the grace in static.yml
_BINARY = "/usr/local/bin/traefik"  # where the official image has it, and ours too
_NOBODY = f"{PROXY_USER}:{PROXY_USER}"


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """What a person decides about the proxy, and what we chose for it once."""

    instance_id: str
    key: str = field(repr=False)  # the secret that our own requests carry
    network_subnet: str  # of the management network, /29 or larger: "10.210.0.0/29"
    image: str = "traefik:v3.7.15"
    http_port: int = 80
    https_port: int = 443
    bind_address: str = "0.0.0.0"  # on the host, for both ports
    memory_bytes: int = 1024 * 1024 * 1024  # 10,000 applications take 650 MB while they are loaded
    shared: str | None = None  # where the Docker host has our directory for documents, if it shares it with us
    resolvers: tuple[AcmeResolver, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        return {"wharf.instance": self.instance_id, "wharf.kind": "proxy"}

    @property
    def network(self) -> str:
        # Docker publishes ports on the network whose name sorts first, and refuses connections for 0.2 s when
        # that becomes another one: the two hyphens sort before every other network of ours.
        return f"wharf--proxy-{self.instance_id}"

    @property
    def storage(self) -> str:
        """The volume that keeps the certificates by ACME and their keys, whatever becomes of the container."""
        return f"wharf-{self.instance_id}-acme"

    @property
    def address(self) -> str:
        """The proxy's fixed address on the management network; the first one belongs to the host."""
        return _host(self.network_subnet, 2)

    @property
    def entrance(self) -> Entrance:
        """Where visitors come in, as routes have to know it."""
        gateway = _host(self.network_subnet, 1)
        return Entrance(Ports(self.http_port, self.https_port), self.bind_address, gateway)

    @property
    def our_address(self) -> str:
        """Where we are on the management network, if we run in a container: else Docker gives us the proxy's."""
        return _host(self.network_subnet, 3)


@cache
def _host(subnet: str, number: int) -> str:
    return str(IPv4Network(subnet)[number])


def static_configuration(settings: ProxySettings) -> str:
    """What stands in static.yml of the container."""
    static = static_pattern()
    static["entryPoints"]["internal"]["address"] = f"{settings.address}:{INTERNAL_PORT}"
    del static["certificatesResolvers"]
    if settings.resolvers:
        static["certificatesResolvers"] = resolvers_section(settings.resolvers)
    return _json(static)


def filling(settings: ProxySettings) -> bytes:
    """What a new container needs before it starts, but for the document, as an archive."""
    return first_filling(static_configuration(settings), resolver_files(settings.resolvers))


def container_spec(settings: ProxySettings, image: str) -> dict[str, Any]:
    """The container as Docker's API wants it, labelled with the hash of all that makes it what it is.

    The hash is keyed: nobody who reads the label can try what the secrets in it might be. A directory that it shares
    with us is named after it, and so after this hash.
    """
    spec = _unlabelled(settings, image)
    digest = _hash(settings, spec)
    spec["Labels"] = settings.labels | {"wharf.spec": digest}
    if settings.shared:
        # z: where SELinux guards the host, its containers may read the directory.
        directory = f"{settings.shared}/{container_name(settings, spec)}"
        spec["HostConfig"]["Binds"].append(f"{directory}:{LIVE_DIR}:ro,z")
    return spec


def container_name(settings: ProxySettings, spec: dict[str, Any]) -> str:
    """A name of its own for each spec, so that a new container can be made ready beside the old one."""
    return f"wharf-{settings.instance_id}-proxy-{spec['Labels']['wharf.spec'][:8]}"


def _unlabelled(settings: ProxySettings, image: str) -> dict[str, Any]:
    ports = {f"{WEB_PORT}/tcp": settings.http_port, f"{SECURE_PORT}/tcp": settings.https_port}
    return {
        "Image": image,
        "Entrypoint": [_BINARY],
        "Cmd": ["--configfile=static.yml"],
        "WorkingDir": CONFIG_DIR,
        "Env": [
            f"GOMEMLIMIT={settings.memory_bytes * 9 // 10}",  # tidy up early rather than be killed
            *resolver_variables(settings.resolvers),
        ],
        "User": _NOBODY,  # all but its certificates belongs to root: there is nothing else that it could write
        "ExposedPorts": {inside: {} for inside in ports},
        "StopSignal": "SIGTERM",
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped"},
            "PortBindings": {
                inside: [{"HostIp": settings.bind_address, "HostPort": str(port)}] for inside, port in ports.items()
            },
            "Binds": [f"{settings.storage}:{STORAGE_DIR}"],
            "NetworkMode": settings.network,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": settings.memory_bytes,
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {settings.network: {"IPAMConfig": {"IPv4Address": settings.address}}}
        },
    }


def _hash(settings: ProxySettings, spec: dict[str, Any]) -> str:
    told = _json(spec) + static_configuration(settings) + (settings.shared or "")
    digest = hmac.new(settings.key.encode(), told.encode(), "sha256")
    for name, content in (*plugin_files(), *resolver_files(settings.resolvers)):
        digest.update(name.encode() + content)
    return digest.hexdigest()[:16]


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2).decode() + "\n"
