"""Questions to DNS, to servers that are named or to the system's. Nothing here is shared by the whole process."""

import asyncio
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.name import Name
from dns.rdtypes.ANY.CAA import CAA

from engine.dns.values import AddressKind, CaaRecord, DnsFailed, DnsServer

_SECONDS = 3.0  # for all that one question leads to
_MOST_ALIASES = 8


async def addresses_of(name: str, kind: AddressKind, servers: tuple[DnsServer, ...]) -> tuple[str, ...]:
    """The addresses that DNS has for a name, sorted; none where it has none. Raises `DnsFailed`."""
    answer = await _ask(name, kind, servers)
    return tuple(sorted(str(each) for each in answer.rrset or ()))


async def caa_records_of(name: str, servers: tuple[DnsServer, ...]) -> tuple[CaaRecord, ...]:
    """The CAA records at a name itself, not above it. Raises `DnsFailed`."""
    answer = await _ask(name, "CAA", servers)
    found = (each for each in answer.rrset or () if isinstance(each, CAA))
    return tuple(
        CaaRecord(bool(each.flags & 128), each.tag.decode("ascii", "replace").lower(), _text(each.value))
        for each in found
    )


@dataclass(frozen=True, slots=True)
class _Nothing:
    rrset: None = None


async def _ask(name: str, kind: str, servers: tuple[DnsServer, ...]) -> dns.resolver.Answer | _Nothing:
    try:
        resolver = await _resolver(servers)
        async with asyncio.timeout(_SECONDS):
            return await _follow(resolver, dns.name.from_text(name), kind)
    except dns.resolver.NXDOMAIN:
        return _Nothing()
    except (TimeoutError, dns.exception.Timeout) as error:
        raise DnsFailed(f"no answer within {_SECONDS:g} s") from error
    except dns.resolver.NoNameservers as error:
        raise DnsFailed("its name servers fail, or refuse") from error
    except (dns.exception.DNSException, OSError) as error:
        raise DnsFailed(str(error) or type(error).__name__) from error


async def _follow(resolver: dns.asyncresolver.Resolver, name: Name, kind: str) -> dns.resolver.Answer | _Nothing:
    for _ in range(_MOST_ALIASES):
        answer = await resolver.resolve(name, kind, raise_on_no_answer=False, search=False)
        # Most servers follow an alias to its end; some leave that to who asks.
        if answer.rrset is not None or answer.canonical_name == name:
            return answer
        name = answer.canonical_name
    return _Nothing()


async def _resolver(servers: tuple[DnsServer, ...]) -> dns.asyncresolver.Resolver:
    if not servers:
        return await asyncio.to_thread(dns.asyncresolver.Resolver)  # reads the system's file, which may change
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(each.address, each.port) for each in servers]
    return resolver


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")
