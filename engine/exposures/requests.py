"""What may be asked of the exposure of databases: one transaction each, the work comes afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlmodel import Session, select

from db.models import Certificate, Database, Environment, EventKind, TcpProxy, TcpProxyState, TlsMode, now
from db.sessions import Sessions
from engine.certificates.wanted import settle_certificates
from engine.databases.catalogue import CATALOGUE
from engine.databases.standing import standing_database
from engine.errors import Conflict, InvalidInput, NotFound
from engine.exposures.ports import Ports, take
from engine.exposures.record import record_about_proxy
from engine.proxy.tcp.allow_list import unusable_network
from engine.proxy.tcp.spec import Opening

_DATABASE = ("input", "databaseId")


@dataclass(frozen=True, slots=True)
class Tls:
    """What the proxy does about TLS. `certificate_id`: the one it shows, for TERMINATE."""

    mode: TlsMode = TlsMode.NONE
    certificate_id: str | None = None


class ExposureFields(TypedDict, total=False):
    """What can be said of an exposure. `port` None: the lowest free one of the range."""

    port: int | None
    bind_address: str
    allowed_networks: list[str]
    tls: Tls
    expires_at: datetime | None


class Exposures:
    """What the API may do. `wake` has a TCP proxy looked at; `address` is bound where nobody names one."""

    def __init__(self, sessions: Sessions, ports: Ports, address: str, wake: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._ports = ports
        self._address = address
        self._wake = wake

    async def expose(self, database_id: str, fields: ExposureFields) -> TcpProxy:
        """A TCP proxy that is on its way up. Raises `NotFound`, `NotNow`, `InvalidInput`, `Conflict`."""
        return await self._woken(await self._sessions.write(self._expose, database_id, fields))

    async def update(self, database_id: str, changes: ExposureFields) -> TcpProxy:
        """Change what is wanted. Another port or address ends the sessions. Raises as `expose`."""
        return await self._woken(await self._sessions.write(self._update, database_id, changes))

    async def unexpose(self, database_id: str) -> TcpProxy:
        """Ask for the proxy to go and give its port back. Raises `NotFound`."""
        return await self._woken(await self._sessions.write(_close, database_id))

    async def _woken(self, proxy: TcpProxy) -> TcpProxy:
        self._wake(proxy.id)
        return proxy

    def _expose(self, session: Session, database_id: str, fields: ExposureFields) -> TcpProxy:
        database = standing_database(session, database_id)
        if proxy_of(session, database_id) is not None:
            raise Conflict(f"{database.name} is exposed already; update its exposure.", field=_DATABASE)
        proxy = TcpProxy(
            database_id=database_id,
            server_id=database.server_id,
            bind_address=self._address,
            port=0,
            settled=False,
        )
        self._apply(session, database, proxy, {"port": None, **fields})
        session.add(proxy)
        session.flush()
        record_about_proxy(session, EventKind.CREATED, proxy, {"name": f"{proxy.bind_address}:{proxy.port}"})
        return proxy

    def _update(self, session: Session, database_id: str, changes: ExposureFields) -> TcpProxy:
        database = standing_database(session, database_id)
        proxy = _exposed(session, database_id)
        self._apply(session, database, proxy, changes)
        proxy.state, proxy.reason, proxy.message = TcpProxyState.PENDING, None, ""
        proxy.updated_at = now()
        session.add(proxy)
        data = {"name": f"{proxy.bind_address}:{proxy.port}", "changed": sorted(changes)}
        record_about_proxy(session, EventKind.UPDATED, proxy, data)
        return proxy

    def _apply(self, session: Session, database: Database, proxy: TcpProxy, fields: ExposureFields) -> None:
        before = (proxy.bind_address, proxy.port)
        proxy.bind_address = fields.get("bind_address", proxy.bind_address)
        wanted = fields.get("port", proxy.port)
        if "port" in fields or before[0] != proxy.bind_address:
            proxy.port = take(session, self._ports, proxy.server_id, proxy.bind_address, wanted, proxy.id)
            proxy.settled = wanted is not None
        if "allowed_networks" in fields or before[0] != proxy.bind_address:
            proxy.allowed_networks = _networks(fields.get("allowed_networks", proxy.allowed_networks), proxy)
        if "tls" in fields:
            _apply_tls(session, database, proxy, fields["tls"])
            settle_certificates(session, proxy.server_id)
        if "expires_at" in fields:
            proxy.expires_at = _moment(fields["expires_at"])


def proxy_of(session: Session, database_id: str) -> TcpProxy | None:
    """The TCP proxy of a database that is exposed."""
    return session.exec(select(TcpProxy).where(TcpProxy.database_id == database_id)).first()


def _exposed(session: Session, database_id: str) -> TcpProxy:
    proxy = proxy_of(session, database_id)
    if proxy is None or proxy.closing:
        raise NotFound("The database is not exposed.", field=_DATABASE)
    return proxy


def _close(session: Session, database_id: str) -> TcpProxy:
    proxy = _exposed(session, database_id)
    close_proxy(session, proxy)
    return proxy


def close_proxy(session: Session, proxy: TcpProxy) -> None:
    """From now on the proxy is not wanted any more; who calls wakes its keeper."""
    proxy.closing = True
    proxy.updated_at = now()
    session.add(proxy)


def _networks(networks: list[str], proxy: TcpProxy) -> list[str]:
    for step, text in enumerate(networks):
        if problem := unusable_network(text, proxy.bind_address):
            raise InvalidInput(problem, field=("input", "allowedNetworks", str(step)))
    return list(networks)


def _apply_tls(session: Session, database: Database, proxy: TcpProxy, tls: Tls) -> None:
    kind = CATALOGUE[database.kind]
    if tls.mode is not TlsMode.NONE and kind.opening is Opening.SERVER_SPEAKS:
        raise InvalidInput(
            f"{kind.title} greets its clients before they ask for TLS, so no proxy can start or demand it: use NONE, "
            "with which TLS of the database itself works as well.",
            field=("input", "tls", "mode"),
        )
    if (tls.mode is TlsMode.TERMINATE) != (tls.certificate_id is not None):
        raise InvalidInput(
            "TERMINATE needs a certificate, and no other mode takes one.", field=("input", "tls", "certificateId")
        )
    if tls.certificate_id is not None:
        _check_certificate(session, database, tls.certificate_id)
    proxy.tls, proxy.certificate_id = tls.mode, tls.certificate_id


def _check_certificate(session: Session, database: Database, certificate_id: str) -> None:
    certificate, field = session.get(Certificate, certificate_id), ("input", "tls", "certificateId")
    if certificate is None:
        raise NotFound("There is no such certificate.", field=field)
    if certificate.team_id != session.get_one(Environment, database.environment_id).team_id:
        raise InvalidInput("That certificate belongs to another team than the database.", field=field)


def _moment(expires_at: datetime | None) -> datetime | None:
    if expires_at is not None and expires_at <= now():
        raise InvalidInput("expiresAt must lie in the future.", field=("input", "expiresAt"))
    return expires_at
