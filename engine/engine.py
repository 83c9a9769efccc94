"""The engine: what is wanted, what is, and those who make the one agree with the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, col, update

from db.errors import DatabaseUnusable
from db.models import Instance, TcpProxy
from db.sessions import Sessions
from engine import labels
from engine.access import Access
from engine.applications import Applications
from engine.certificates import Certificates
from engine.containers import container_ended, forget_container, remember_container
from engine.databases.containers import (
    database_container_ended,
    forget_database_container,
    remember_database_container,
)
from engine.databases.copies import Copies
from engine.databases.dump_files import directory_in as dumps_in
from engine.databases.dumping import Dumping
from engine.databases.keeper import DatabaseKeeper
from engine.databases.reconcile import reconcile_copies, reconcile_databases
from engine.databases.requests import Databases
from engine.databases.restoring import Restoring
from engine.databases.rotation import Rotation
from engine.databases.scratch import Scratch
from engine.databases.servers import Servers
from engine.deployments.health import HealthChecker
from engine.deployments.journal import Journals
from engine.deployments.prepare import Preparation
from engine.deployments.replicas import Replicas
from engine.deployments.requests import Deployments
from engine.deployments.runner import Runner
from engine.docker.values import ContainerSummary, DockerEvent
from engine.domains import Domains
from engine.errors import DockerUnreachable
from engine.events import EventLog
from engine.exposures.keeper import ExposureKeeper, proxy_ended, reconcile_exposures
from engine.exposures.ports import Ports
from engine.exposures.requests import Exposures
from engine.host import Host
from engine.instance import Identity, check_keys, identify, unlock
from engine.keeper import Keeper
from engine.key_ring import KEY_FILE, KeyRing
from engine.logs import Logs
from engine.networks import Networks
from engine.observer import Observer, Reactions, Remembering
from engine.outside import REAL, Outside
from engine.projects import Projects
from engine.proxy.carriers import directory_in
from engine.proxy.container import HttpProxy
from engine.proxy.spec import ProxySettings
from engine.proxy.tcp.making import directory_in as tcp_directory_in
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.proxies import TcpProxies
from engine.publisher import Publisher
from engine.reconcile import reconcile, remove_orphaned_networks
from engine.rekeying import Rekeying
from engine.secrets import Secret
from engine.stats import Stats
from engine.work import Work

log = logging.getLogger(__name__)

_AT_ONCE = 8
_COPIES_AT_ONCE = 2
_LONGEST_DATABASE_DELAY = 10.0  # seconds
_STUMBLE_SECONDS = 1.0
_NETWORKS = "The networks of removed environments"  # as the log names them


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the engine is told at its start."""

    data_directory: Path
    database_url: str
    docker_host: str | None
    network_pool: str
    proxy_image: str
    proxy_address: str
    http_port: int
    https_port: int
    events_kept: int
    database_images: str | None
    tcp_ports: Ports
    tcp_address: str
    public_host: str
    secret_key: Secret | None = field(default=None, repr=False)


class Engine:
    """Everything that the API may ask for. `start` and `stop` frame its life; between them it converges."""

    def __init__(self, settings: EngineSettings, outside: Outside = REAL) -> None:
        self.sessions = Sessions(settings.database_url)
        ring = KeyRing(settings.data_directory / KEY_FILE, settings.secret_key)
        self.cipher = self.sessions.read_now(unlock, ring)
        self.sessions.read_now(check_keys, ring)
        self._rekeying = Rekeying(self.sessions, ring, self.cipher)
        self.events = EventLog(self.sessions, settings.events_kept)
        self.journals = Journals(self.sessions)
        self.access = Access(self.sessions)
        self._settings = settings
        self._outside = outside
        self._tasks: list[asyncio.Task[None]] = []
        self._work = Work(self._converge, _AT_ONCE)
        self._database_work = Work(self._converge_database, _AT_ONCE, _LONGEST_DATABASE_DELAY)
        self._exposure_work = Work(self._converge_exposure, _AT_ONCE, _LONGEST_DATABASE_DELAY)
        self._tidying = Work(self._tidy, 1)
        self._copy_work = Work(self._carry_out_copy, _COPIES_AT_ONCE, _LONGEST_DATABASE_DELAY)

    async def start(self) -> None:
        """Begin to watch and to converge. Returns at once, also when Docker does not answer."""
        self._identity = await self.sessions.write(identify, self.cipher)
        self.host = await self._make_host(self._identity)
        replicas = Replicas(self.sessions, self.host, self.cipher)
        preparation = Preparation(self.sessions, self.host.docker, self.cipher, self.journals)
        self._runner = Runner(self.sessions, self.host, preparation, replicas, self.journals)
        self._keeper = Keeper(self.sessions, self.host, self._runner, replicas)
        self.applications = Applications(
            self.sessions, self.cipher, self._asked, self._runner.interrupt, lambda: self.host.observer.cores
        )
        self._exposure_keeper = self._make_exposure_keeper()
        servers = Servers(self.host.docker)
        rotation = Rotation(self.sessions, servers, self.cipher, self._asked)
        self._database_keeper = DatabaseKeeper(
            self.sessions,
            self.host,
            servers,
            rotation,
            self._exposure_keeper.close_for,
            self.cipher,
            self._settings.database_images,
        )
        self._make_copiers(servers)
        self.databases = Databases(
            self.sessions,
            self.cipher,
            self._database_asked,
            lambda: self.host.observer.cores,
            self._settings.public_host,
        )
        self.exposures = Exposures(
            self.sessions, self._settings.tcp_ports, self._settings.tcp_address, self._exposure_work.wake
        )
        self.certificates = Certificates(self.sessions, self.cipher)
        self.deployments = Deployments(self.sessions, self._asked, self._runner.interrupt)
        self.domains = Domains(self.sessions, lambda _server_id: self.host.publisher.request())
        self.projects = Projects(self.sessions, lambda _environment_id: self._tidying.wake(_NETWORKS))
        self.logs = Logs(self.sessions, self.events, self.host.docker)
        self.stats = Stats(self.sessions, self.events, self.host.docker)
        publisher = self.host.publisher
        self.events.on_event(self._rekeying.notice)
        jobs = (
            self.events.watch_others,
            publisher.run,
            publisher.watch,
            self.host.observer.run,
            self._catch_up,
            self._rekeying.run,
        )
        for job in jobs:
            self._spawn(_without_end(job))

    async def stop(self) -> None:
        """Stop converging and let go of everything. What runs on the hosts runs on."""
        await asyncio.gather(*(each.close() for each in self._works()))
        self._exposure_keeper.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.stats.close()
        await self.host.proxy.close()
        await self.host.docker.close()
        self.sessions.close()

    async def _make_host(self, identity: Identity) -> Host:
        settings, instance_id, server_id = self._settings, identity.instance_id, identity.server_id
        docker = self._outside.docker(settings.docker_host)
        networks = Networks(
            self.sessions,
            docker,
            instance_id=instance_id,
            server_id=server_id,
            pool=settings.network_pool,
            outside=self._outside,
        )
        proxy = HttpProxy(
            docker,
            ProxySettings(
                instance_id=instance_id,
                key=identity.proxy_keys.http,
                network_subnet=await networks.proxy_subnet(),
                image=settings.proxy_image,
                http_port=settings.http_port,
                https_port=settings.https_port,
                bind_address=settings.proxy_address,
            ),
            networks.join,
            self._outside,
            directory=directory_in(settings.data_directory),
        )
        publisher = Publisher(self.sessions, proxy, networks, server_id)
        remembered = {
            labels.APPLICATION_KIND: Remembering(
                remember_container, container_ended, forget_container, self._application_changed
            ),
            labels.DATABASE_KIND: Remembering(
                remember_database_container,
                database_container_ended,
                forget_database_container,
                self._database_work.tell,
            ),
        }
        reactions = Reactions(
            self._reconcile, publisher.doubt, publisher.is_proxy, self._tcp_proxy_changed, remembered
        )
        observer = Observer(self.sessions, docker, instance_id=instance_id, server_id=server_id, reactions=reactions)
        checker = HealthChecker(docker, self._outside)
        return Host(instance_id, server_id, docker, networks, proxy, publisher, observer, checker)

    def _make_exposure_keeper(self) -> ExposureKeeper:
        proxies = TcpProxies(
            self.host.docker,
            image=self._settings.proxy_image,
            outside=self._outside,
            directory=tcp_directory_in(self._settings.data_directory),
        )
        return ExposureKeeper(
            self.sessions,
            self.host,
            proxies,
            self._settings.tcp_ports,
            self.cipher,
            self._identity.proxy_keys.tcp,
            self._exposure_work.wake,
        )

    def _make_copiers(self, servers: Servers) -> None:
        directory = dumps_in(self._settings.data_directory)
        docker, instance_id = self.host.docker, self.host.instance_id
        scratch = Scratch(docker, servers, self.cipher, self._settings.database_images)
        self._dumping = Dumping(self.sessions, scratch, instance_id, directory)
        self._restoring = Restoring(self.sessions, docker, scratch, instance_id, directory, self._database_asked)
        self.copies = Copies(self.sessions, directory, self._copy_work.wake)

    def _works(self) -> tuple[Work, ...]:
        return self._work, self._database_work, self._exposure_work, self._copy_work, self._tidying

    def _asked(self, application_id: str) -> None:
        self._keeper.interrupt(application_id)
        self._work.wake(application_id)

    def _database_asked(self, database_id: str) -> None:
        self._database_keeper.interrupt(database_id)
        self._database_work.wake(database_id)

    async def _converge(self, application_id: str) -> None:
        await self._while_connected(self._keeper.converge(application_id))

    async def _converge_database(self, database_id: str) -> None:
        await self._while_connected(self._database_keeper.converge(database_id))

    async def _converge_exposure(self, proxy_id: str) -> None:
        await self._while_connected(self._exposure_keeper.converge(proxy_id))

    async def _carry_out_copy(self, copy_id: str) -> None:
        # The id is that of a dump or of a restore, which are both of one kind of work.
        await self._while_connected(self._dumping.carry_out(copy_id))
        await self._while_connected(self._restoring.carry_out(copy_id))

    async def _tcp_proxy_changed(self, event: DockerEvent) -> None:
        proxy_id = event.attributes.get(labels.TCP_PROXY, "")
        if event.action == "die":
            await self.sessions.write(proxy_ended, proxy_id)
        self._exposure_work.tell(proxy_id)

    async def observe_exposure(self, proxy: TcpProxy) -> TcpProxyObservation:
        """What a TCP proxy does at this moment. Nothing is raised."""
        return await self._exposure_keeper.observe(proxy)

    async def _while_connected(self, job: Awaitable[None]) -> None:
        try:
            await job
        except DockerUnreachable:
            # That nobody answers is said once for all; when somebody does, everything is looked at.
            if self.host.observer.connected:
                raise

    async def _reconcile(self, present: Sequence[ContainerSummary]) -> None:
        await reconcile(self.sessions, self.host, self._work, present)
        await reconcile_databases(self.sessions, self.host, self._database_work, present)
        await reconcile_copies(self.sessions, self.host, self._copy_work, present)
        await reconcile_exposures(self.sessions, self.host, self._exposure_work, present)

    def _application_changed(self, application_id: str) -> None:
        self._work.wake(application_id)
        self.host.publisher.request()

    async def _catch_up(self) -> None:
        """After an outage of the database: what could not be written meanwhile is done now."""
        await self.sessions.stumbled.wait()
        self.sessions.stumbled.clear()
        while True:
            await asyncio.sleep(_STUMBLE_SECONDS)
            with suppress(DatabaseUnusable):
                await self.sessions.write(_touch)
                break
        if self.host.observer.connected:
            await self._reconcile(await self.host.observer.look_at_all())

    async def _tidy(self, _networks: str) -> None:
        try:
            await remove_orphaned_networks(self.sessions, self.host)
        except DockerUnreachable:
            if self.host.observer.connected:  # else it is done when everything is looked at
                raise

    def _spawn(self, job: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)


async def _without_end(job: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run `job` again whenever it ends with an exception, such as a full disk may cause anywhere."""
    while True:
        try:
            await job()
        except* DatabaseUnusable:
            pass  # said already, once for all who need it
        except* Exception:  # whatever it was: without this job nothing converges any more
            log.exception("%s stumbled, and begins again.", getattr(job, "__qualname__", job))
        await asyncio.sleep(_STUMBLE_SECONDS)


def _touch(session: Session) -> None:
    """Write something that changes nothing."""
    session.exec(update(Instance).values(id=col(Instance.id)))
