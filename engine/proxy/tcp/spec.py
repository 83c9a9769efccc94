"""What a TCP proxy is to be: one port of the host that leads to one database."""

import re
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import AddressValueError, IPv4Address

from db.models.tcp_proxies import TlsMode
from engine.proxy.compiler import is_key
from engine.proxy.tcp.allow_list import unusable_network
from engine.proxy.tcp.certificate import Certificate, unusable_certificate

_ID = re.compile(r"[0-9a-z]{26}\Z")
_HOST = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}\Z")  # Docker's own rule for names


class Opening(Enum):
    """How a session with the database begins, which decides what can be done about TLS."""

    CLIENT_SPEAKS = "CLIENT_SPEAKS"  # at once with TLS, if at all: Redis, MongoDB, ClickHouse, HTTP
    SERVER_SPEAKS = "SERVER_SPEAKS"  # MySQL and MariaDB greet first
    POSTGRESQL = "POSTGRESQL"  # the client asks for TLS, or says its name in plain text


@dataclass(frozen=True, slots=True)
class Backend:
    """Where the database listens on its network."""

    container: str  # its name, or another by which the network knows it
    port: int


@dataclass(frozen=True, slots=True)
class TcpProxySpec:
    """The desired state of one TCP proxy, whole.

    A session may be silent for as long as it likes: nothing here ends it. Whether the client is still there is
    asked every 3 minutes, and the database every minute (TCP keepalive).
    """

    id: str
    instance_id: str
    database_id: str
    key: str = field(repr=False)  # the secret that our own requests carry; one for each proxy
    network: str  # Docker's name of the environment's network
    backend: Backend
    port: int  # on the host
    # On the host, IPv4 only: what comes in by IPv6, Docker's userland proxy passes on in its own name, and the
    # client's address, which the allow-list is about, is lost.
    bind_address: str = "0.0.0.0"
    allowed_networks: tuple[str, ...] = ()  # in CIDR notation; none: everybody
    opening: Opening = Opening.CLIENT_SPEAKS
    tls: TlsMode = TlsMode.NONE
    certificate: Certificate | None = None  # for TERMINATE


def objection(spec: TcpProxySpec) -> str | None:
    """Why there can be no such proxy, as a sentence, or None when there can."""
    return (
        _bad_names(spec)
        or _bad_port(spec)
        or next(filter(None, (unusable_network(each, spec.bind_address) for each in spec.allowed_networks)), None)
        or _bad_tls(spec)
    )


def _bad_names(spec: TcpProxySpec) -> str | None:
    if not _ID.match(spec.id):
        return f"{spec.id!r} is not the id of a TCP proxy."
    if not _HOST.match(spec.backend.container):
        return f"{spec.backend.container!r} is not the name of a container."
    if not is_key(spec.key):
        return "The proxy's key must be 16 or more letters, digits, - or _."
    return None


def _bad_port(spec: TcpProxySpec) -> str | None:
    for port in (spec.port, spec.backend.port):
        if not 0 < port < 65536:
            return f"{port} is not a port."
    try:
        IPv4Address(spec.bind_address)
    except AddressValueError:
        return f"{spec.bind_address!r} is not an IPv4 address."
    return None


def _bad_tls(spec: TcpProxySpec) -> str | None:
    if spec.tls is TlsMode.NONE:
        return None
    if spec.opening is Opening.SERVER_SPEAKS:
        return (
            "This kind of database greets its clients before they ask for TLS, so no proxy can start or demand it: "
            "use NONE, with which the TLS of the database itself works as well."
        )
    if spec.tls is TlsMode.PASSTHROUGH:
        return None
    return unusable_certificate(spec.certificate) if spec.certificate else "TERMINATE needs a certificate."
