"""Who is at the other end of a connection."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

UNKNOWN = ""  # such as who comes through a socket file
_REMEMBERED = 4096


def peer(scope: Mapping[str, object]) -> str:
    """The address of whoever asks, as it is written shortest; UNKNOWN when it is none.

    Forwarded headers were believed already, where they come from a trusted proxy (WHARF_TRUSTED_PROXIES).
    """
    client = scope.get("client")
    return _shortest(str(client[0])) if isinstance(client, list | tuple) and client else UNKNOWN


@lru_cache(_REMEMBERED)
def _shortest(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return UNKNOWN
    return str((address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address)
