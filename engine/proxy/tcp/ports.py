"""Ports of the host: which one to take, and who has one that cannot be had."""

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from engine import labels
from engine.docker.values import ContainerSummary

_LISTENING = "0A"
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_ANY = IPv4Address("0.0.0.0")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a port of the host: a container, of this instance or not, or else a process."""

    container: str = ""  # its name
    ours: bool = False
    process: str = ""  # its name as the kernel has it
    pid: int = 0

    def __str__(self) -> str:
        if self.container:
            return f"the container {self.container}{' of ours' if self.ours else ''}"
        return f"the process {self.process} ({self.pid})"


def lowest_free_port(first: int, last: int, reserved: Collection[int]) -> int | None:
    """The lowest port from `first` to `last`, both included, that nobody has reserved; None when there is none."""
    return next((port for port in range(first, last + 1) if port not in reserved), None)


def holding_container(
    found: Iterable[ContainerSummary], bind_address: str, port: int, instance_id: str
) -> Holder | None:
    """The container among these that has the port, on an address that gets in the way of `bind_address`."""
    for each in found:
        if any(public == port and _meet(address, bind_address) for address, public in each.published):
            return Holder(container=each.name, ours=each.labels.get(labels.INSTANCE) == instance_id)
    return None


def holding_process(bind_address: str, port: int, proc: Path = Path("/proc")) -> Holder | None:
    """The process that listens on the port in our own network; None where nobody does, or we may not see who."""
    for inode in _listening(proc / "self" / "net", bind_address, port):
        for process in proc.glob("[0-9]*"):
            if inode in _sockets(process):
                with suppress(OSError):
                    return Holder(process=(process / "comm").read_text().strip(), pid=int(process.name))
    return None


def _listening(tables: Path, bind_address: str, port: int) -> Iterator[str]:
    """The inodes of the sockets that listen there."""
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for row in (line.split() for line in (tables / name).read_text().splitlines()[1:]):
                address, _, hexadecimal = row[1].rpartition(":")
                if row[3] == _LISTENING and int(hexadecimal, 16) == port and _meet(_dotted(address), bind_address):
                    yield row[9]


def _dotted(address: str) -> str:
    """0100007F → 127.0.0.1; of an IPv6 address the last four bytes, which are all of it that IPv4 can meet."""
    return str(IPv4Address(bytes.fromhex(address[-8:])[::-1]))


def _meet(one: str, other: str) -> bool:
    """Whether two sockets cannot both listen on a port, one on each of these addresses."""
    if ":" in one:
        return one == "::"
    return one == other or _ANY in (IPv4Address(one), IPv4Address(other))


def _sockets(process: Path) -> set[str]:
    inodes = set()
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                if found := _SOCKET.match(os.readlink(descriptor)):
                    inodes.add(found[1])
    return inodes
