"""Clients of a TCP proxy: over plain TCP, over TLS, in PostgreSQL's manner, and from another network namespace."""

import asyncio
import ipaddress
import itertools
import os
import random
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from engine.proxy.tcp.certificate import Certificate
from engine.proxy.tcp.spec import TcpProxySpec
from tests.docker.tcp_backend import SSL_REQUEST

_PATIENCE = 10.0
_numbers = itertools.count()


@dataclass
class Session:
    """A client's open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, words: bytes, seconds: float = _PATIENCE) -> bytes:
        """What comes back, which is as long as the words, or b"" when the connection is at its end."""
        self.writer.write(words)
        return await self.hear(len(words), seconds)

    async def hear(self, size: int, seconds: float = _PATIENCE) -> bytes:
        """So many bytes, or fewer when the connection is at its end before."""
        try:
            return await asyncio.wait_for(self.reader.readexactly(size), seconds)
        except asyncio.IncompleteReadError as end:
            return end.partial
        except ConnectionError:
            return b""

    async def start_tls(self, trusted: Certificate, name: str | None, *, postgresql: bool, alpn: str) -> None:
        if postgresql:
            self.writer.write(SSL_REQUEST)
            assert await self.hear(1) == b"S"
        context = ssl.create_default_context(cadata=trusted.chain)
        if alpn:
            context.set_alpn_protocols([alpn])
        # The ssl module sends no server name when it is given an address, as RFC 6066 says.
        await asyncio.wait_for(self.writer.start_tls(context, server_hostname=name or "127.0.0.1"), _PATIENCE)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()

    @property
    def certificate(self) -> bytes:
        """What the server has shown, as DER."""
        shown: bytes = self.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return shown


async def connect(spec: TcpProxySpec, host: str = "127.0.0.1") -> Session:
    return Session(*await asyncio.open_connection(host, spec.port))


@dataclass(frozen=True)
class Namespace:
    """A network namespace, as another machine would be: its own address, and that of this host seen from there."""

    name: str
    address: str
    host: str

    def session(self, host: str, port: int, words: str = "") -> str:
        """What comes back to these words, or of itself; "" when the connection is closed or refused."""
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", _CLIENT, host, str(port), words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


_CLIENT = """
import socket, sys
host, port, words = sys.argv[1:]
try:
    with socket.create_connection((host, int(port)), 5) as server:
        server.sendall(words.encode())
        print(server.recv(1000).decode(), end="")
except (ConnectionError, TimeoutError):
    pass
"""


@contextmanager
def namespaces(count: int) -> Iterator[list[Namespace]]:
    """So many of them, each with a wire of its own to this host. Needs root."""
    made = []
    try:
        for _ in range(count):
            made.append(_make_namespace())
        yield made
    finally:
        for each in made:
            _ip("netns", "delete", each.name)  # and the wire with it


def _make_namespace() -> Namespace:
    tag = f"{os.getpid() % 100_000}-{next(_numbers)}"
    name, ours, theirs = f"wharf-{tag}", f"wh{tag}h", f"wh{tag}n"
    wire = ipaddress.IPv4Network((random.randrange(0x0AF90000, 0x0AFA0000, 4), 30))  # 10.249.0.0/16
    host, address = wire[1], wire[2]
    _ip("netns", "add", name)
    _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
    _ip("address", "add", f"{host}/30", "dev", ours)
    _ip("link", "set", ours, "up")
    _ip("-n", name, "address", "add", f"{address}/30", "dev", theirs)
    _ip("-n", name, "link", "set", theirs, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "route", "add", "default", "via", str(host))
    return Namespace(name, str(address), str(host))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def listens(address: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as trial:
        return trial.connect_ex((address, port)) == 0


def listening_ports() -> set[int]:
    """The TCP ports on which processes of this host listen, Docker's for published ports among them."""
    said = subprocess.run(["ss", "-Hltn"], check=True, capture_output=True, text=True).stdout
    return {int(line.split()[3].rpartition(":")[2]) for line in said.splitlines()}
