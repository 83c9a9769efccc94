"""Telling the running proxy what to serve, and seeing that it does."""

import logging
from collections.abc import Collection

from engine.errors import ProxyFailure, ProxySilent
from engine.proxy.compiler import Compiled
from engine.proxy.container import HttpProxy, last_words
from engine.proxy.internal import Loaded, ProbeAnswer, every_little_while, loading_deadline
from engine.proxy.routers import domain_of

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0  # for a busy host, before a proxy is given up that may well serve
_FIRST_LOOK_SECONDS = 2.0  # for a proxy that has just started to have loaded what it was started with


class Delivery:
    """The way into the running proxy: documents, probes, and who is still connected."""

    def __init__(self, proxy: HttpProxy) -> None:
        self._proxy = proxy
        self._docker = proxy.docker
        self._delivered = False
        self._unsure = False  # whether the proxy may be about to load another document than it serves

    async def deliver(self, document: Compiled) -> dict[str, str]:
        """Returns when Traefik serves from this document; on ProxyFailure it may serve from the one before.

        The answer tells, by domain id, what is not routed and why. What is loaded already is not sent again.
        """
        async with self._proxy.changing:
            in_use = self._proxy.internal.loaded() if self._delivered else self._found(_FIRST_LOOK_SECONDS)
            loaded = await in_use
            known = loaded is not None and loaded.revision == document.revision and not self._unsure
            if not known or not self._proxy.carrier.holds(self._proxy.name, document):
                await self._send_until_loaded(document, loaded)
                await self._proxy.carrier.keep(self._proxy.name)
            self._delivered = True
            return document.rejected | await self._refused_domains()

    async def probe(
        self, application_id: str, path: str = "/", *, host: str = "localhost", seconds: float = 5.0
    ) -> ProbeAnswer:
        """One GET through the proxy to the application's containers, with the release its route leads to.

        Without an answer in time: ProxyFailure. A container that cannot be reached is Traefik's 502 or 504.
        """
        return await self._proxy.internal.probe(application_id, path, host, seconds)

    async def open_connections(self, addresses: Collection[str]) -> int | None:
        """Requests that the proxy still has with these container addresses, and connections idle under 1 s.

        None when this machine cannot see into the proxy's network.
        """
        facts = await self._docker.inspect_container(self._proxy.name)
        if facts.pid is None:
            return 0
        return await self._proxy.outside.count_connections(facts.pid, facts.id, addresses)

    async def _send_until_loaded(self, document: Compiled, loaded: Loaded | None) -> None:
        for _ in range(2):
            self._unsure = True
            slot = await self._proxy.carrier.bring(self._proxy.name, document, loaded.slot if loaded else 0)
            if await self._found(loading_deadline(document), document.revision, slot):
                self._unsure = False
                return
            log.debug("The proxy has not loaded revision %s in time.", document.revision)
        words = await last_words(self._docker, self._proxy.name)
        if await self._proxy.internal.loaded(_PATIENCE_SECONDS) is None:
            raise ProxySilent(f"The proxy runs but serves nothing{words}")
        raise ProxyFailure(f"The proxy did not load its new configuration{words}")

    async def _found(self, deadline: float, revision: str | None = None, slot: int | None = None) -> Loaded | None:
        """The document in use, as soon as it is this revision from this slot, or any; None after the deadline."""
        async for _ in every_little_while(deadline):
            loaded = await self._proxy.internal.loaded()
            if loaded and revision in (None, loaded.revision) and slot in (None, loaded.slot):
                return loaded
        return None

    async def _refused_domains(self) -> dict[str, str]:
        refused = {}
        async for router, reason in self._proxy.internal.refused_routers():
            if domain := domain_of(router):
                refused[domain] = f"Traefik does not route it: {reason}"
            else:
                log.error("The proxy refused its own router %s: %s", router, reason)
        return refused
