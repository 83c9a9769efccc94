"""Which ports of a server are reserved: those of TCP proxies, and all others that we know of."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from sqlmodel import Session, select

from db.models import Database, TcpProxy
from engine.accounts.visible import readable
from engine.errors import Conflict
from engine.proxy.tcp.ports import lowest_free_port

_ANY = IPv4Address("0.0.0.0")
_PORT = ("input", "port")


@dataclass(frozen=True, slots=True)
class Ports:
    """The range for ports that nobody names, and those of our own: address, port, what for."""

    first: int
    last: int
    ours: tuple[tuple[str, int, str], ...] = ()


def take(session: Session, ports: Ports, server_id: str, bind_address: str, port: int | None, proxy_id: str) -> int:
    """The port for this proxy: the one asked for, or the lowest that nobody has reserved. Raises `Conflict`."""
    reserved = dict(_reserved(session, ports, server_id, bind_address, proxy_id))
    if port is not None:
        if port in reserved:
            raise Conflict(f"Port {port} of {bind_address} is reserved for {reserved[port]}.", field=_PORT)
        return port
    free = lowest_free_port(ports.first, ports.last, reserved)
    if free is None:
        raise Conflict(f"Every port from {ports.first} to {ports.last} is reserved; name another one.", field=_PORT)
    return free


def next_port(session: Session, ports: Ports, proxy: TcpProxy) -> int | None:
    """The next port of the range that nobody has reserved, for a proxy whose port the host has given to another."""
    reserved = dict(_reserved(session, ports, proxy.server_id, proxy.bind_address, proxy.id))
    return lowest_free_port(max(proxy.port + 1, ports.first), ports.last, reserved)


def _reserved(
    session: Session, ports: Ports, server_id: str, bind_address: str, proxy_id: str
) -> Iterable[tuple[int, str]]:
    for address, port, purpose in ports.ours:
        if _meet(address, bind_address):
            yield port, purpose
    query = select(TcpProxy, Database.name).join(Database).where(TcpProxy.server_id == server_id)
    for proxy, name in session.exec(query):
        if proxy.id != proxy_id and _meet(proxy.bind_address, bind_address):
            yield proxy.port, f"the database {name}" if readable(session, proxy) else "somebody else"


def _meet(one: str, other: str) -> bool:
    """Whether nobody can listen on the same port of both addresses."""
    return one == other or _ANY in (IPv4Address(one), IPv4Address(other))
