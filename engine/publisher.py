"""The one who keeps the proxy serving just what the database says is routed."""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlmodel import Session

from db.errors import DatabaseUnusable
from db.models import ProxyState, now
from db.sessions import Sessions
from engine.certificates.resolvers import acme_resolvers
from engine.docker.values import ContainerSummary
from engine.errors import (
    DockerConflict,
    DockerNotFound,
    DockerUnreachable,
    EngineError,
    ProxyFailure,
    ProxySilent,
)
from engine.networks import Networks, is_overlap
from engine.proxy.acme import AcmeResolver
from engine.proxy.compiler import Compiled, compile_routes
from engine.proxy.container import HttpProxy
from engine.proxy.delivery import Delivery
from engine.proxy.tls import own_certificates
from engine.release_spec import CheckKind, HealthCheck, ReleaseSpec
from engine.routing_table import RoutingTable, differing_problems, note_problems, proxy_is, routing_table
from engine.secrets import Cipher
from engine.telemetry import Telemetry

log = logging.getLogger(__name__)

_PROOF_SECONDS = 5.0
_PROOF_INTERVAL = 0.05
_FIRST_RETRY_SECONDS = 0.5
_LAST_RETRY_SECONDS = 30.0
_LOOK_SECONDS = 2.0
_SECOND_LOOK_SECONDS = 1.0
_NO_ANSWER = (502, 504)
_LITTLE = 0.1  # clocks differ by less


class Publisher:
    """Keeps what the proxy of one server serves equal to the routing table.

    Requests that come while a document is on its way share the next one.
    """

    def __init__(
        self,
        sessions: Sessions,
        proxy: HttpProxy,
        networks: Networks,
        server_id: str,
        cipher: Cipher,
        telemetry: Telemetry,
    ) -> None:
        self._sessions = sessions
        self._cipher = cipher
        self._telemetry = telemetry
        self._revisions = telemetry.metrics.proxy_revisions
        self._proxy = proxy
        self._networks = networks
        self._delivery = Delivery(proxy)
        self._server_id = server_id
        self._waiting: list[asyncio.Future[None]] = []
        self._asked = asyncio.Event()
        self._ensured = False
        self._present: Sequence[ContainerSummary] = ()
        self._silent = False
        self._attached: set[str] = set()
        self._compiled: tuple[RoutingTable, Compiled] | None = None
        self._complaint = ""
        self._pause_until = 0.0
        self._alarm: asyncio.TimerHandle | None = None  # for when the routing table changes by itself
        self._served: Compiled | None = None  # what the proxy has confirmed since it was last looked after

    async def run(self) -> None:
        """Serve requests until cancelled."""
        delay = _FIRST_RETRY_SECONDS
        while True:
            await self._asked.wait()
            self._asked.clear()
            waiting, self._waiting = self._waiting, []
            try:
                await self._deliver(asked_for=bool(waiting))
            except Exception as error:  # noqa: BLE001  whatever it was, the proxy must be brought up to date
                self._pause(delay)
                delay = min(delay * 2, _LAST_RETRY_SECONDS)
                await self._failed(error, waiting)
            else:
                delay = _FIRST_RETRY_SECONDS
                self._recovered()
                for future in waiting:
                    if not future.done():
                        future.set_result(None)

    async def watch(self) -> None:
        """See to it, until cancelled, that the proxy serves what it was told last.

        Its files can be lost and its process can hang without a word from Docker.
        """
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if await self._serves():
                continue
            await asyncio.sleep(_SECOND_LOOK_SECONDS)  # of one that ended Docker tells in a moment
            if not await self._serves():
                log.warning("The proxy does not serve what it was told; telling it again.")
                self.doubt()

    async def _serves(self) -> bool:
        """Whether what was told last is loaded; also while nothing is to be expected, or something new on its way."""
        served = self._served
        if served is None or not self._ensured or self._proxy.changing.locked():
            return True
        loaded = await self._proxy.internal.loaded()
        expected = self._ensured and self._served is served
        return not expected or (loaded is not None and loaded.revision == served.revision)

    def is_proxy(self, container_id: str) -> bool:
        """Whether the proxy runs in this container."""
        return container_id == self._proxy.container_id

    def request(self) -> None:
        """Have the proxy brought up to date soon; after a failure not before its pause is over."""
        if asyncio.get_running_loop().time() >= self._pause_until:
            self._asked.set()

    def doubt(self) -> None:
        """Something happened to the proxy's container: look after it before the next document."""
        self._ensured, self._present = False, ()
        self.request()

    def afresh(self, present: Sequence[ContainerSummary]) -> None:
        """Docker answers again, and has these containers: whatever failed before may work now."""
        self._pause_until = 0.0
        self.doubt()
        self._present = present

    async def publish(self) -> None:
        """Return once the proxy serves from a table that was read after this call.

        Raises `ProxyFailure` or `DockerFailure` when the next attempt fails; it is repeated all the same.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._asked.set()
        await future

    async def prove(self, application_id: str, release_id: str, spec: ReleaseSpec) -> None:
        """Return once a request through the proxy was answered by this release. Raises `ProxyFailure`."""
        check = spec.health_check or HealthCheck()
        path = check.path if check.kind is CheckKind.HTTP else "/"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PROOF_SECONDS
        while True:
            answer = await self._delivery.probe(application_id, path)
            if answer.release_id == release_id and answer.status not in _NO_ANSWER:
                return
            if loop.time() > deadline:
                raise ProxyFailure(
                    f"The proxy answered GET {path} with status {answer.status}, not with an answer of the "
                    "new release."
                )
            await asyncio.sleep(_PROOF_INTERVAL)

    async def open_connections(self, addresses: set[str]) -> int | None:
        """How many connections the proxy has to these container addresses; None when it cannot be known."""
        return await self._delivery.open_connections(addresses)

    async def leave(self, network: str) -> None:
        """Have the proxy leave a network that is about to be removed."""
        self._attached.discard(network)
        if self._ensured:
            await self._proxy.detach(network)

    def _pause(self, seconds: float) -> None:
        # Each attempt to start a proxy is news of the proxy's container, which must not cause the next attempt.
        loop = asyncio.get_running_loop()
        self._pause_until = loop.time() + seconds
        loop.call_at(self._pause_until, self._asked.set)

    def _recovered(self) -> None:
        self._pause_until = 0.0
        if self._complaint:
            log.info("The proxy is up to date again.")
        self._complaint = ""

    async def _deliver(self, *, asked_for: bool) -> None:
        """Bring the proxy up to date. It is asked what it serves unless nobody waits and nothing has changed."""
        table, resolvers = await self._sessions.read(self._wanted)
        self._set_alarm(table.until)
        compiled = self._compile(table)
        if self._proxy.use(resolvers, table.acme):
            self._ensured = False
        if not self._ensured:
            await self._ensure(compiled, table.networks)
        for network in sorted(table.networks - self._attached):
            # One that somebody removed is missed by its own applications, and must not keep others waiting.
            with suppress(DockerNotFound):
                await self._proxy.attach(network)
                self._attached.add(network)
        if compiled == self._served and not asked_for:
            return
        problems = await self._load(compiled)
        if await self._sessions.read(differing_problems, self._server_id, problems):
            await self._sessions.write(note_problems, self._server_id, problems)

    async def _load(self, compiled: Compiled) -> dict[str, str]:
        if compiled == self._served:
            return await self._delivery.deliver(compiled)
        with self._telemetry.proxy_load():
            problems = await self._delivery.deliver(compiled)
        self._served = compiled
        self._revisions.add("loaded")
        return problems

    def _wanted(self, session: Session) -> tuple[RoutingTable, tuple[AcmeResolver, ...]]:
        return routing_table(session, self._server_id), acme_resolvers(session, self._cipher)

    def _set_alarm(self, until: datetime | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if until is not None:
            seconds = max((until - now()).total_seconds(), 0) + _LITTLE
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._asked.set)

    def _compile(self, table: RoutingTable) -> Compiled:
        # Most requests come because something happened that changes no route.
        if self._compiled is None or self._compiled[0] != table:
            settings = self._proxy.settings
            document = compile_routes(
                table.applications,
                key=settings.key,
                entrance=settings.entrance,
                certificates=own_certificates(table.shown, self._cipher, key=settings.key),
                acme=table.acme,
            )
            self._compiled = table, document
            self._revisions.add("compiled")
        return self._compiled[1]

    async def _ensure(self, compiled: Compiled, networks: frozenset[str]) -> None:
        attached = None if self._silent else await self._proxy.adopt(self._present)
        if attached is None:
            while not await self._ensured_here(compiled, networks):
                await self._proxy.move(await self._networks.another_proxy_subnet())
            attached = await self._proxy.attached()
        self._attached, self._present = attached, ()
        self._ensured, self._silent, self._served = True, False, None
        await self._sessions.write(proxy_is, self._server_id, ProxyState.RUNNING, "")

    async def _ensured_here(self, compiled: Compiled, networks: frozenset[str]) -> bool:
        """Whether the proxy runs, or the addresses of its network turned out to be the host's own."""
        try:
            await self._proxy.ensure(compiled, networks, trusted=not self._silent)
        except DockerConflict as error:
            if not is_overlap(error):
                raise
            return False
        return True

    async def _failed(self, error: Exception, waiting: list["asyncio.Future[None]"]) -> None:
        self._ensured = False
        self._revisions.add("failed")
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waited may be gone: that is no leak
        self._silent = isinstance(error, ProxySilent)
        if isinstance(error, DatabaseUnusable):
            return  # said already, and nothing can be written down
        if isinstance(error, DockerUnreachable):
            await self._sessions.write(proxy_is, self._server_id, ProxyState.UNKNOWN, error.sentence)
        elif isinstance(error, EngineError):
            if _gist(error.sentence) != _gist(self._complaint):
                log.warning("The proxy could not be brought up to date: %s", error)
                self._complaint = error.sentence
            await self._sessions.write(proxy_is, self._server_id, ProxyState.FAILED, self._complaint)
        else:
            log.error("A mistake of ours while publishing routes", exc_info=error)


def _gist(sentence: str) -> str:
    """What two failures of one kind have in common: Docker names temporary files, by number."""
    return re.sub(r"\d+", "", sentence)
