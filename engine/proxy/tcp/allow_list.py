"""Who may connect, as source addresses that Traefik sees.

Traefik sees the real address of every client but two kinds, whom Docker's userland proxy connects in its own
name, the network's gateway: processes of this host that use a loopback address, and containers of this host, on
whatever network, that use an address of the host. Bound to a loopback address there are only the first; bound to
any other, the two cannot be told from each other, and nobody is let in by the gateway's address.
"""

from ipaddress import IPv4Address, IPv4Network, collapse_addresses

_LOOPBACK = IPv4Network("127.0.0.0/8")
_EVERYBODY = IPv4Network("0.0.0.0/0")
_NOBODY = IPv4Network("255.255.255.255/32")


def source_ranges(allowed: tuple[str, ...], bind_address: str, gateway: str) -> tuple[str, ...]:
    """What Traefik is to let in, sorted, in CIDR notation; empty when that is everybody.

    `allowed` holds no network that `unusable_network` objects to.
    """
    networks = list(collapse_addresses(IPv4Network(each) for each in allowed))
    if not networks or _EVERYBODY in networks:
        return ()
    stand_in = IPv4Network(gateway)
    ranges = [part for network in networks for part in _without(network, stand_in)]
    if IPv4Address(bind_address) in _LOOPBACK and any(each.overlaps(_LOOPBACK) for each in networks):
        ranges.append(stand_in)
    return tuple(str(each) for each in sorted(ranges or [_NOBODY]))


def unusable_network(text: str, bind_address: str) -> str | None:
    """Why this cannot stand in the allow-list of a proxy bound so, as a sentence, or None when it can."""
    try:
        network = IPv4Network(text)
    except ValueError:
        return f"{text!r} is not an IPv4 network such as 203.0.113.0/24 or 203.0.113.7/32."
    if network.subnet_of(_LOOPBACK) and IPv4Address(bind_address) not in _LOOPBACK:
        return (
            f"{text} is this host itself, which can be told from its containers only where the proxy is bound to "
            "127.0.0.1."
        )
    return None


def _without(network: IPv4Network, one: IPv4Network) -> list[IPv4Network]:
    return list(network.address_exclude(one)) if one.subnet_of(network) else [network]
