"""A TCP proxy → the container of its Traefik. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from engine import labels
from engine.proxy.archive import CONFIG_DIR, LIVE_DIR, PROXY_USER
from engine.proxy.tcp.spec import TcpProxySpec
from engine.proxy.templates import Pattern, tcp_static_pattern

INSIDE_PORT = 9000  # inside the container, as in tcp_static.yml
MEMORY_BYTES = 256 * 1024 * 1024  # 1,000 connections take 29 MiB

_PORT = "wharf.port"
_BINARY = "/usr/local/bin/traefik"  # where the official image has it, and ours too
_NOBODY = f"{PROXY_USER}:{PROXY_USER}"
_ENVIRONMENT = [
    # Tidy up early rather than be killed,
    f"GOMEMLIMIT={MEMORY_BYTES * 9 // 10}",
    # and hold little that is not in use, nor notes of who uses it: idle, Traefik takes 15 MiB without the two.
    "GOGC=20",
    "GODEBUG=memprofilerate=0",
]


def proxy_labels(instance_id: str, proxy_id: str) -> dict[str, str]:
    """What the containers of this proxy carry, and no others."""
    return {labels.INSTANCE: instance_id, labels.KIND: labels.TCP_PROXY_KIND, labels.TCP_PROXY: proxy_id}


def container_spec(spec: TcpProxySpec, image: str, shared: str | None) -> dict[str, Any]:
    """The container as Docker's API wants it, labelled with the hash of all that makes it what it is.

    `shared` is where the Docker host has our directory for documents, if it shares it with us. Who may connect,
    and with which certificate, is in the document and makes no other container.
    """
    made = _unlabelled(spec, image)
    digest = hashlib.sha256(orjson.dumps([made, shared], option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    ours = proxy_labels(spec.instance_id, spec.id) | {labels.DATABASE: spec.database_id}
    made["Labels"] = ours | {labels.SPEC: digest, _PORT: str(spec.port)}
    if shared:
        # z: where SELinux guards the host, its containers may read the directory.
        made["HostConfig"]["Binds"] = [f"{shared}/{container_name(spec.id, made)}:{LIVE_DIR}:ro,z"]
    else:
        # Docker's archive API writes into a volume, and nowhere else where all is read-only.
        made["Volumes"] = {CONFIG_DIR: {}}
    return made


def container_name(proxy_id: str, made: dict[str, Any]) -> str:
    """A name of its own for each making, so that a new container can be made ready beside the old one."""
    return f"{name_prefix(proxy_id)}{made['Labels'][labels.SPEC][:8]}"


def name_prefix(proxy_id: str) -> str:
    """How the names of all containers of this proxy begin."""
    return f"wharf-tcp-{proxy_id}-"


def made_for_port(found: Mapping[str, str], port: int) -> bool:
    """Whether a container with these labels was made for this port of the host."""
    return found.get(_PORT) == str(port)


def _unlabelled(spec: TcpProxySpec, image: str) -> dict[str, Any]:
    inside = f"{INSIDE_PORT}/tcp"
    return {
        "Image": image,
        "Entrypoint": [_BINARY],
        "Cmd": list(arguments(tcp_static_pattern())),
        "Env": _ENVIRONMENT,
        "User": _NOBODY,
        "ExposedPorts": {inside: {}},
        "StopSignal": "SIGTERM",
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped"},
            "PortBindings": {inside: [{"HostIp": spec.bind_address, "HostPort": str(spec.port)}]},
            "NetworkMode": spec.network,
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": MEMORY_BYTES,
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "2", "max-size": "1m"}},
        },
    }


def arguments(static: Pattern, path: str = "") -> list[str]:
    """A static configuration as Traefik's arguments, sorted: nothing has to be written for it anywhere."""
    found = []
    for name, value in sorted(static.items()):
        where = f"{path}.{name}" if path else f"--{name}"
        if isinstance(value, dict):
            found += arguments(value, where)
        else:
            found.append(f"{where}={str(value).lower() if isinstance(value, bool) else value}")
    return found
