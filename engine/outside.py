"""Everything that the engine reaches outside its database goes through one value of this class."""

import asyncio
from collections.abc import Collection
from importlib import import_module
from pathlib import Path

from cryptography import x509

from engine.certificates.handshake import shown_certificate
from engine.deployments.probes import probe_http, probe_tcp
from engine.dns.values import AddressKind, CaaRecord, DnsServer
from engine.docker.gateway import DockerGateway
from engine.own_container import own_container, path_on_host
from engine.proxy.connections import count_connections
from engine.proxy.internal import InternalApi
from engine.proxy.reach import Met, is_own_address, who_answers
from engine.proxy.spec import SECURE_PORT
from engine.release_spec import HealthCheck

_ANY_LABEL = "wharfinger-asks"
_LOOKUP = "engine.dns.lookup"  # some MiB of modules, which only those need who have domains


class Outside:
    """The real one. Another may stand in for it, to run the engine against a world of its own making."""

    def docker(self, host: str | None) -> DockerGateway:
        return DockerGateway(host)

    def internal_api(self, address: str, key: str) -> InternalApi:
        """The way into the running proxy."""
        return InternalApi(address, key)

    async def probe_tcp(self, address: str, port: int, check: HealthCheck) -> None:
        """Return once a connection was accepted. Raises `ProbeFailed`."""
        await probe_tcp(address, port, check)

    async def probe_http(self, address: str, port: int, check: HealthCheck) -> None:
        """Return once the path was answered with a status that is wanted. Raises `ProbeFailed`."""
        await probe_http(address, port, check)

    async def count_connections(self, pid: int, container_id: str, addresses: Collection[str]) -> int | None:
        """Established connections to `addresses` from the network of a container; None when nobody can tell."""
        return await asyncio.to_thread(count_connections, pid, container_id, addresses)

    async def own_container(self, docker: DockerGateway) -> str | None:
        """The id of the container that this process runs in; None on the host."""
        return await own_container(docker)

    async def path_on_host(self, docker: DockerGateway, path: Path) -> str | None:
        """Where the engine's host should have what we see at `path`; None where it does not have it."""
        return await path_on_host(docker, path)

    async def addresses_of(self, name: str, kind: AddressKind, servers: tuple[DnsServer, ...]) -> tuple[str, ...]:
        """The addresses that DNS has for a name, sorted. Raises `DnsFailed`."""
        await asyncio.to_thread(import_module, _LOOKUP)
        from engine.dns import lookup

        return await lookup.addresses_of(name, kind, servers)

    async def caa_records_of(self, name: str, servers: tuple[DnsServer, ...]) -> tuple[CaaRecord, ...]:
        """The CAA records at a name itself. Raises `DnsFailed`."""
        await asyncio.to_thread(import_module, _LOOKUP)
        from engine.dns import lookup

        return await lookup.caa_records_of(name, servers)

    async def shown_certificate(self, address: str, host: str) -> x509.Certificate | None:
        """What the proxy at this address shows to visitors of `host`, of any name for a wildcard; None: no answer."""
        return await shown_certificate(address, SECURE_PORT, host.replace("*", _ANY_LABEL, 1))

    async def who_answers(self, address: str, port: int, host: str, path: str, *, secure: bool) -> Met:
        """What is answered at this very address to one GET in the name of `host`. Raises `NobodyAnswers`."""
        return await who_answers(address, port, host, path, secure=secure)

    def is_own_address(self, address: str) -> bool:
        """Whether this machine has the address."""
        return is_own_address(address)


REAL = Outside()
