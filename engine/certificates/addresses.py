"""Where a name leads: every address that DNS has for it, and whether it is this proxy that answers there."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from db.models import CertificateReason
from engine.certificates.checks import Outcome, PreflightCheck, PreflightSubject, wrong
from engine.dns.values import AddressKind, DnsFailed, DnsServer
from engine.outside import Outside
from engine.proxy.container import HttpProxy
from engine.proxy.reach import Met, NobodyAnswers, reach_of

_MOST_ADDRESSES = 8  # of one kind that are asked
_IN_PLACE_OF_STAR = "wharfinger-check"
_KINDS: tuple[AddressKind, ...] = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class _Found:
    """What DNS has of one kind, or why it did not say."""

    kind: AddressKind
    addresses: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """One address that a name points to; `here` are those of this server, as they are known outside."""

    host: str
    kind: AddressKind
    address: str
    port: int
    here: tuple[str, ...]

    @property
    def elsewhere(self) -> str:
        known = f" ({', '.join(self.here)})" if self.here else ""
        return f"{self.host} points to {self.address}, not to this server{known}"

    @property
    def remedy(self) -> str:
        own = next((each for each in self.here if (":" in each) == (self.kind == "AAAA")), None)
        if own:
            return f"Change its {self.kind} record to {own}."
        return "Remove its AAAA record." if self.kind == "AAAA" else "Change its A record."


class Addresses:
    """Asks DNS, and then the addresses that it names: one GET each, on a public port of the proxy."""

    def __init__(self, outside: Outside, proxy: HttpProxy, servers: tuple[DnsServer, ...], public_host: str) -> None:
        """`public_host` is the name or the address of the proxy's server, for those outside."""
        self._outside = outside
        self._proxy = proxy
        self._servers = servers
        self._public_host = public_host

    async def lead_here(self, host: str, *, secure: bool) -> list[PreflightCheck]:
        """What DNS says of a host, and who answers at each address on the proxy's port for HTTPS or plain HTTP."""
        asked = host.replace("*", _IN_PLACE_OF_STAR, 1)
        found, here = await asyncio.gather(self._find(asked), self._here())
        settings = self._proxy.settings
        port = settings.https_port if secure else settings.http_port
        places = [
            _Place(host, each.kind, address, port, here)
            for each in found
            for address in each.addresses[:_MOST_ADDRESSES]
        ]
        asking = (self._look(asked, place, secure=secure) for place in places)
        return [*_failures(host, found, here), *await asyncio.gather(*asking)]

    async def _find(self, host: str) -> list[_Found]:
        return await asyncio.gather(*(self._find_kind(host, kind) for kind in _KINDS))

    async def _find_kind(self, host: str, kind: AddressKind) -> _Found:
        try:
            return _Found(kind, await self._outside.addresses_of(host, kind, self._servers))
        except DnsFailed as failure:
            return _Found(kind, failure=str(failure))

    async def _here(self) -> tuple[str, ...]:
        try:
            return (str(ip_address(self._public_host)),)
        except ValueError:
            found = await self._find(self._public_host)
            return tuple(address for each in found for address in each.addresses)

    async def _look(self, asked: str, place: _Place, *, secure: bool) -> PreflightCheck:
        reach = reach_of(self._proxy.settings.key)
        ours = place.address in place.here or self._outside.is_own_address(place.address)
        try:
            met = await self._outside.who_answers(place.address, place.port, asked, reach.path, secure=secure)
        except NobodyAnswers as nobody:
            return _unanswered(place, nobody) if ours else _elsewhere(place, f"on port {place.port}, {nobody}")
        if met.word == reach.word:
            return _at(place, Outcome.OK, f"{place.host} leads to this proxy, by {place.address}.", ours=True)
        if not ours:
            return _elsewhere(place, f"{_described(place, met)} answers there")
        sentence = (
            f"{place.host} points here, to {place.address}, but not this proxy answers on port {place.port}: "
            f"{_described(place, met)} does. Stop that, or let the port lead to the proxy."
        )
        return _at(place, Outcome.WRONG, sentence, CertificateReason.PORT_UNREACHABLE, ours=True)


def _failures(host: str, found: Sequence[_Found], here: Sequence[str]) -> Iterator[PreflightCheck]:
    silent = next((each for each in found if each.failure), None)
    if silent:
        sentence = (
            f"DNS does not say what the {silent.kind} records of {host} are: {silent.failure}. Look after its name "
            "servers, or after those that are asked (WHARF_DNS_SERVERS)."
        )
        yield wrong(PreflightSubject.DNS, CertificateReason.DNS_FAILURE, sentence)
    elif not any(each.addresses for each in found):
        target = next((each for each in here if ":" not in each), "this server's address")
        sentence = f"{host} has no address in DNS. Add an A record with {target}."
        yield wrong(PreflightSubject.DNS, CertificateReason.NAME_NOT_FOUND, sentence)


def _elsewhere(place: _Place, there: str) -> PreflightCheck:
    sentence = f"{place.elsewhere}: {there}. {place.remedy}"
    return _at(place, Outcome.WRONG, sentence, CertificateReason.POINTS_ELSEWHERE, ours=False)


def _unanswered(place: _Place, nobody: NobodyAnswers) -> PreflightCheck:
    """Nothing answers at an address of our own. Few routers lead those inside back in (hairpin NAT)."""
    address = ip_address(place.address)
    # There is no such router in IPv6, where every machine has an address that everybody knows it by.
    if not address.is_loopback and (address.version == 4 or nobody.no_way):
        sentence = (
            f"{place.host} points here, to {place.address}. That nothing answers on port {place.port} when this "
            "server asks itself is usual behind a router, which may lead in only those who are outside."
        )
        return _at(place, Outcome.OK, sentence, ours=True)
    sentence = (
        f"{place.host} points here, to {place.address}, but on port {place.port}, {nobody}. Have the proxy answer at "
        f"this address (WHARF_PROXY_ADDRESS), or remove the {place.kind} record."
    )
    return _at(place, Outcome.WRONG, sentence, CertificateReason.PORT_UNREACHABLE, ours=True)


def _described(place: _Place, met: Met) -> str:
    # What answers in somebody's own network is not told to everybody who can put a name into DNS.
    address = ip_address(place.address)
    public = address.is_global and getattr(address, "ipv4_mapped", None) is None
    if met.status is None or not public:
        return "something else"
    return f"something else (status {met.status}{', ' + met.server if met.server else ''})"


def _at(
    place: _Place, outcome: Outcome, message: str, reason: CertificateReason | None = None, *, ours: bool
) -> PreflightCheck:
    return PreflightCheck(PreflightSubject.ADDRESS, outcome, message, reason, place.address, ours)
