"""Which connections the proxy holds to given addresses, read where Docker's host shows it."""

from collections.abc import Collection
from ipaddress import IPv4Address
from pathlib import Path

_ESTABLISHED = "01"


def count_connections(pid: int, container_id: str, addresses: Collection[str]) -> int | None:
    """Established TCP connections to these IPv4 addresses from the network of the container's process.

    None when this machine cannot tell: the engine is elsewhere, or process ids mean something else here.
    """
    process = Path("/proc", str(pid))
    try:
        if container_id not in (process / "cgroup").read_text():
            return None
        tables = [(process / "net" / name).read_text() for name in ("tcp", "tcp6")]
    except OSError:
        return None
    return established(tables, addresses)


def established(tables: Collection[str], addresses: Collection[str]) -> int:
    """How many rows of /proc/net/tcp and tcp6 are established connections to these addresses."""
    endings = tuple(_as_in_table(address) for address in addresses)
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return sum(row[3] == _ESTABLISHED and row[2].split(":")[0].endswith(endings) for row in rows)


def _as_in_table(address: str) -> str:
    """172.20.0.3 → 030014AC, which is also how an IPv6 row with a mapped address ends."""
    return IPv4Address(address).packed[::-1].hex().upper()
