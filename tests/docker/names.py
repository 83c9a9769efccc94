"""A name server of a test's own, on a port of its own: every name leads to 127.0.0.1 until it is told otherwise."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.request import Request, urlopen

import orjson

from engine.dns.values import DnsServer
from tests.conftest import free_port


@dataclass(frozen=True)
class Names:
    """What it is told counts for the name given, and not for others."""

    port: int
    management: int

    @property
    def server(self) -> DnsServer:
        return DnsServer("127.0.0.1", self.port)

    def point(self, host: str, *addresses: str) -> None:
        """Have the name lead to these addresses, of IPv4 or IPv6, and to no others."""
        for kind, colon in (("a", False), ("aaaa", True)):
            self._tell(f"clear-{kind}", host=host)
            own = [each for each in addresses if (":" in each) == colon]
            if own:
                self._tell(f"add-{kind}", host=host, addresses=own)

    def alias(self, host: str, target: str) -> None:
        self._tell("set-cname", host=host, target=target)

    def fail(self, host: str) -> None:
        """Have every question about the name fail."""
        self._tell("set-servfail", host=host)

    def limit(self, host: str, *issuers: str) -> None:
        """Let only these issue certificates for the name."""
        self._tell("add-caa", host=host, policies=[{"tag": "issue", "value": each} for each in issuers])

    def text(self, host: str, value: str) -> None:
        self._tell("set-txt", host=host, value=value)

    def no_text(self, host: str) -> None:
        self._tell("clear-txt", host=host)

    def default(self, address: str) -> None:
        """Have every other name lead to this address of IPv4, "": nowhere."""
        self._tell("set-default-ipv4", ip=address)

    def _tell(self, what: str, **body: object) -> None:
        with urlopen(Request(f"http://127.0.0.1:{self.management}/{what}", orjson.dumps(body)), timeout=5):
            pass


@contextmanager
def running_names() -> Iterator[Names]:
    names = Names(free_port(), free_port())
    off = [word for name in ("http01", "https01", "tlsalpn01") for word in (f"-{name}", "")]
    on = ["-dns01", f"127.0.0.1:{names.port}", "-management", f"127.0.0.1:{names.management}"]
    process = subprocess.Popen(
        ["pebble-challtestsrv", "-defaultIPv6", "", *on, *off], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(names.management)
        yield names
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"Nothing listens on port {port}.")
