"""Making the TCP proxy of one database what it is wanted to be: listening, or gone."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

from sqlmodel import Session, col, select

from db.models import Certificate, Database, EventKind, TcpProxy, TcpProxyReason, TcpProxyState, now
from db.sessions import Sessions
from engine import labels
from engine.certificates.wanted import settle_certificates
from engine.docker.values import ContainerState, ContainerSummary
from engine.errors import DockerUnreachable
from engine.exposures.ports import Ports, next_port
from engine.exposures.record import proxy_is, record_about_proxy
from engine.exposures.requests import close_proxy, proxy_of
from engine.exposures.spec import spec_of, specs_of
from engine.host import Host
from engine.proxy.tcp.failure import TcpProxyFailure
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.proxies import TcpProxies
from engine.proxy.tcp.spec import TcpProxySpec
from engine.secrets import Cipher
from engine.work import Work

log = logging.getLogger(__name__)

_LONGEST_SLEEP = 60.0  # the clock of the host may be set meanwhile


class ExposureKeeper:
    """Converges the TCP proxies of one server. `key` is the secret from which each has its own."""

    def __init__(
        self,
        sessions: Sessions,
        host: Host,
        proxies: TcpProxies,
        ports: Ports,
        cipher: Cipher,
        key: bytes,
        wake: Callable[[str], None],
    ) -> None:
        self._sessions = sessions
        self._host = host
        self._proxies = proxies
        self._ports = ports
        self._cipher = cipher
        self._key = key
        self._wake = wake
        self._alarms: dict[str, asyncio.TimerHandle] = {}
        self._converging: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def converge(self, proxy_id: str) -> None:
        """Do everything there is to do for one proxy, then return. May be cut short and called again."""
        # Whoever closes it comes beside whoever keeps it, who would make its container anew from the row as it was.
        async with self._converging.setdefault(proxy_id, asyncio.Lock()):
            await self._converge(proxy_id)

    async def _converge(self, proxy_id: str) -> None:
        proxy = await self._sessions.read(_proxy, proxy_id)
        if proxy is None:
            return
        if proxy.closing or await self._expired(proxy):
            await self._proxies.remove(self._host.instance_id, proxy.id)
            await self._sessions.write(_forget, proxy.id)
            return
        await self._keep(proxy)

    async def close_for(self, database_id: str) -> None:
        """Have the proxy of a database be gone, if there is one."""
        if proxy := await self._sessions.write(_close_of, database_id):
            await self.converge(proxy.id)

    async def observe(self, proxy_ids: Sequence[str]) -> list[TcpProxyObservation]:
        """What each of these proxies does at this moment. Nothing is raised."""
        specs = await self._sessions.read(specs_of, proxy_ids, self._host.instance_id, self._cipher, self._key)
        return list(await asyncio.gather(*(self._observed(specs.get(each)) for each in proxy_ids)))

    def close(self) -> None:
        """Set no alarm off any more."""
        for alarm in self._alarms.values():
            alarm.cancel()

    async def _observed(self, spec: TcpProxySpec | None) -> TcpProxyObservation:
        return await self._proxies.observe(spec) if spec else TcpProxyObservation(TcpProxyState.CLOSED)

    async def _keep(self, proxy: TcpProxy) -> None:
        if sentence := await self._sessions.read(_missing_certificate, proxy):
            # An event tells when it is there.
            await self._sessions.write(_found, proxy, TcpProxyState.FAILED, TcpProxyReason.NO_CERTIFICATE, sentence)
            return
        await self._host.networks.ensure(await self._sessions.read(_environment, proxy))
        try:
            await self._proxies.ensure(await self._spec(proxy))
        except TcpProxyFailure as failure:
            if failure.reason is TcpProxyReason.PORT_TAKEN and await self._on_another_port(proxy):
                self._wake(proxy.id)
                return
            if failure.reason is TcpProxyReason.ENGINE_UNREACHABLE:
                raise DockerUnreachable(failure.sentence) from failure
            await self._sessions.write(_found, proxy, TcpProxyState.FAILED, failure.reason, failure.sentence)
            raise
        await self._sessions.write(_found, proxy, TcpProxyState.LISTENING)

    async def _on_another_port(self, proxy: TcpProxy) -> bool:
        """Whether a port that nobody asked for by number could be exchanged for another free one."""
        if proxy.settled:
            return False
        return await self._sessions.write(_take_next_port, proxy.id, self._ports)

    async def _spec(self, proxy: TcpProxy) -> TcpProxySpec:
        return await self._sessions.read(spec_of, proxy, self._host.instance_id, self._cipher, self._key)

    async def _expired(self, proxy: TcpProxy) -> bool:
        """Whether the time of a proxy is over; if it is still to come, it is looked at again then."""
        if alarm := self._alarms.pop(proxy.id, None):
            alarm.cancel()
        if proxy.expires_at is None:
            return False
        left = (proxy.expires_at - now()).total_seconds()
        if left <= 0:
            log.info("The TCP proxy on port %s has expired.", proxy.port)
            return True
        delay = min(left, _LONGEST_SLEEP)
        self._alarms[proxy.id] = asyncio.get_running_loop().call_later(delay, self._wake, proxy.id)
        return False


async def reconcile_exposures(
    sessions: Sessions, host: Host, work: Work, present: Sequence[ContainerSummary]
) -> None:
    """Remove containers of proxies that nobody wants, and have those looked after that are not as they are wanted."""
    rows = {row.id: row for row in await sessions.read(_proxies, host.server_id)}
    running = set()
    for summary in present:
        if summary.labels.get(labels.KIND) != labels.TCP_PROXY_KIND:
            continue
        proxy_id = summary.labels.get(labels.TCP_PROXY, "")
        if proxy_id not in rows:
            log.warning("Removing container %s: its TCP proxy is gone.", summary.name)
            await host.docker.remove_container(summary.id)
        elif summary.state is ContainerState.RUNNING:
            running.add(proxy_id)
    for row in rows.values():
        settled = row.state is TcpProxyState.LISTENING and row.id in running
        # A certificate may have been replaced just before an end of ours.
        if not settled or row.closing or row.expires_at or row.certificate_id:
            work.wake(row.id)


def _proxy(session: Session, proxy_id: str) -> TcpProxy | None:
    return session.get(TcpProxy, proxy_id)


def _proxies(session: Session, server_id: str) -> list[TcpProxy]:
    return list(session.exec(select(TcpProxy).where(col(TcpProxy.server_id) == server_id)))


def _found(
    session: Session,
    proxy: TcpProxy,
    state: TcpProxyState,
    reason: TcpProxyReason | None = None,
    message: str = "",
) -> None:
    """Note what became of the proxy as it was wanted; nothing, if something else is wanted by now."""
    row = session.get(TcpProxy, proxy.id)
    if row is not None and row.updated_at == proxy.updated_at:
        proxy_is(session, proxy.id, state, reason, message)


def _close_of(session: Session, database_id: str) -> TcpProxy | None:
    proxy = proxy_of(session, database_id)
    if proxy is not None:
        close_proxy(session, proxy)
    return proxy


def _missing_certificate(session: Session, proxy: TcpProxy) -> str:
    """Why there is no certificate to show; "" where there is one, or none is needed."""
    row = session.get(Certificate, proxy.certificate_id) if proxy.certificate_id else None
    if row is None or row.key is not None:
        return ""
    return f"There is no certificate for {row.host} yet. {row.problem}".strip()


def _environment(session: Session, proxy: TcpProxy) -> str:
    return session.get_one(Database, proxy.database_id).environment_id


def _take_next_port(session: Session, proxy_id: str, ports: Ports) -> bool:
    proxy = session.get_one(TcpProxy, proxy_id)
    following = next_port(session, ports, proxy)
    if following is None:
        return False
    proxy.port = following
    session.add(proxy)
    data = {"name": f"{proxy.bind_address}:{proxy.port}", "changed": ["port"]}
    record_about_proxy(session, EventKind.UPDATED, proxy, data)
    return True


def _forget(session: Session, proxy_id: str) -> None:
    proxy = session.get_one(TcpProxy, proxy_id)
    record_about_proxy(session, EventKind.REMOVED, proxy, {"name": f"{proxy.bind_address}:{proxy.port}"})
    session.delete(proxy)
    settle_certificates(session, proxy.server_id)


def proxy_ended(session: Session, proxy_id: str) -> None:
    """Note that the container of a proxy has ended; Docker may start it again."""
    proxy = session.get(TcpProxy, proxy_id)
    if proxy is not None and proxy.state is TcpProxyState.LISTENING:
        proxy_is(session, proxy_id, TcpProxyState.PENDING)
