"""The engine: what is wanted, what is, and those who make the one agree with the other."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

from sqlmodel import Session, col, update

from db.errors import DatabaseUnusable
from db.models import Instance
from engine import labels
from engine.accounts.people import People
from engine.accounts.teams import Teams
from engine.accounts.tokens import Tokens
from engine.applications import Applications
from engine.audit import audited
from engine.audit_log import AuditLog
from engine.census import Census, census
from engine.certificates.side import CertificateSide
from engine.containers import container_ended, forget_container, remember_container
from engine.databases.side import DatabaseSide, remembering_databases
from engine.deployments.health import HealthChecker
from engine.deployments.journal import Journals
from engine.deployments.prepare import Preparation
from engine.deployments.replicas import Replicas
from engine.deployments.requests import Deployments
from engine.deployments.runner import Runner
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerSummary
from engine.domains.requests import Domains
from engine.events import EventLog
from engine.explanations.explaining import Explanations
from engine.foreign_routes import ForeignRoutes
from engine.host import Host
from engine.instance import check_keys, identify, unlock
from engine.keeper import Keeper
from engine.key_ring import KEY_FILE, KeyRing
from engine.logs import Logs
from engine.maintenance import MaintenanceModes
from engine.networks import Networks
from engine.observer import Observer, Reactions, Remembering
from engine.outside import REAL, Outside
from engine.projects import Projects
from engine.proxy.carriers import directory_in
from engine.proxy.container import HttpProxy
from engine.proxy.spec import ProxySettings
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.publisher import Publisher
from engine.reconcile import reconcile, remove_orphaned_networks
from engine.refusals import Refusals
from engine.rekeying import Rekeying
from engine.settings import EngineSettings
from engine.stats import Stats
from engine.telemetry import Telemetry
from engine.work import Work

log = logging.getLogger(__name__)

_AT_ONCE = 8
_STUMBLE_SECONDS = 1.0
_NETWORKS = "The networks of removed environments"  # as the log names them


class Engine:
    """Everything that the API may ask for. `start` and `stop` frame its life; between them it converges."""

    def __init__(self, settings: EngineSettings, outside: Outside = REAL, telemetry: Telemetry | None = None) -> None:
        self.telemetry = telemetry or Telemetry()
        self.sessions = audited(settings.database_url, self.telemetry.database_work)
        ring = KeyRing(settings.data_directory / KEY_FILE, settings.secret_key)
        self.cipher = self.sessions.read_now(unlock, ring)
        self.sessions.read_now(check_keys, ring)
        self._rekeying = Rekeying(self.sessions, ring, self.cipher)
        count = self.telemetry.watch(self.sessions)
        self.events = EventLog(self.sessions, settings.events_kept)
        self.events.on_event(count)
        self.journals = Journals(self.sessions)
        self.audit = AuditLog(self.sessions)
        self.refusals = Refusals(self.sessions)
        self.tokens = Tokens(self.sessions)
        self.teams = Teams(self.sessions)
        self.people = People(self.sessions, self.cipher, settings.people)
        self._settings = settings
        self._outside = outside
        self._tasks: list[asyncio.Task[None]] = []
        self._work = Work(self._converge, _AT_ONCE)
        self._tidying = Work(self._tidy, 1)

    async def start(self) -> None:
        """Begin to watch and to converge. Returns at once, also when Docker does not answer."""
        self._identity = await self.sessions.write(identify, self.cipher)
        self.host = await self._make_host(self._identity.instance_id, self._identity.server_id)
        self._make_application_side()
        self._database_side = DatabaseSide(
            self.sessions,
            self._settings,
            self.host,
            self.cipher,
            self._identity.proxy_keys.tcp,
            self._outside,
            self._asked,
        )
        self.databases = self._database_side.databases
        self.exposures = self._database_side.exposures
        self.copies = self._database_side.copies
        self._make_certificate_side()
        publisher = self.host.publisher
        self.events.on_event(self._rekeying.notice)
        self.events.on_event(self._certificate_side.notice)
        jobs = (
            self.events.watch_others,
            self.audit.watch_others,
            publisher.run,
            publisher.watch,
            self.host.observer.run,
            self._catch_up,
            self._rekeying.run,
            *self._certificate_side.jobs,
        )
        for job in jobs:
            self._spawn(_without_end(job))

    async def stop(self) -> None:
        """Stop converging and let go of everything. What runs on the hosts runs on."""
        await asyncio.gather(
            self._work.close(),
            self._tidying.close(),
            self._database_side.close(),
            self._certificate_side.close(),
        )
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.people.close()
        await self.stats.close()
        await self.host.proxy.close()
        await self.host.docker.close()
        self.sessions.close()

    async def census(self) -> Census:
        """How many of everything there are, of all teams: for those who look after the installation."""
        return await self.sessions.read(census)

    @property
    def writes_waiting(self) -> int:
        """How many writes of the database have begun or wait for their turn."""
        return self.sessions.writes_waiting

    @property
    def works(self) -> dict[str, Work]:
        """Who is at work, by what it is about."""
        own = {"applications": self._work, "networks": self._tidying}
        return own | self._database_side.works | self._certificate_side.works

    def _make_application_side(self) -> None:
        replicas = Replicas(self.sessions, self.host, self.cipher)
        preparation = Preparation(self.sessions, self.host.docker, self.cipher, self.journals)
        self._runner = Runner(self.sessions, self.host, preparation, replicas, self.journals, self.telemetry)
        self._keeper = Keeper(self.sessions, self.host, self._runner, replicas)
        self.applications = Applications(
            self.sessions, self.cipher, self._asked, self._runner.interrupt, lambda: self.host.observer.cores
        )
        self.foreign_routes = ForeignRoutes(self.sessions)
        self.deployments = Deployments(self.sessions, self._asked, self._runner.interrupt)
        self.domains = Domains(
            self.sessions, self._settings.proxy_address, lambda _server_id: self.host.publisher.request()
        )
        self.maintenance = MaintenanceModes(self.sessions, self.host.publisher.request)
        self.projects = Projects(self.sessions, lambda _environment_id: self._tidying.wake(_NETWORKS))
        self.logs = Logs(self.sessions, self.events, self.host.docker)
        self.stats = Stats(self.sessions, self.events, self.host.docker)

    def _make_certificate_side(self) -> None:
        side = self._certificate_side = CertificateSide(
            self.sessions,
            self._settings,
            self.host,
            self.cipher,
            self._outside,
            self._database_side.certificate_changed,
        )
        self.certificates, self.orders, self.resolvers = side.certificates, side.orders, side.resolvers
        self.domain_checks = side.domain_checks
        self.explanations = Explanations(self.sessions, self.host, side.preflight)

    async def _make_host(self, instance_id: str, server_id: str) -> Host:
        docker = self._outside.docker(self._settings.docker_host)
        docker.watch(self.telemetry.docker_call)
        networks = Networks(
            self.sessions,
            docker,
            instance_id=instance_id,
            server_id=server_id,
            pool=self._settings.network_pool,
            outside=self._outside,
        )
        proxy = self._make_proxy(docker, networks, instance_id, await networks.proxy_subnet())
        publisher = Publisher(self.sessions, proxy, networks, server_id, self.cipher, self.telemetry)
        observer = Observer(
            self.sessions,
            docker,
            instance_id=instance_id,
            server_id=server_id,
            reactions=self._reactions(publisher),
        )
        checker = HealthChecker(docker, self._outside)
        return Host(instance_id, server_id, docker, networks, proxy, publisher, observer, checker)

    def _make_proxy(self, docker: DockerGateway, networks: Networks, instance_id: str, subnet: str) -> HttpProxy:
        settings = ProxySettings(
            instance_id=instance_id,
            key=self._identity.proxy_keys.http,
            network_subnet=subnet,
            image=self._settings.proxy_image,
            http_port=self._settings.http_port,
            https_port=self._settings.https_port,
            bind_address=self._settings.proxy_address,
        )
        directory = directory_in(self._settings.data_directory)
        return HttpProxy(docker, settings, networks.join, self._outside, directory=directory)

    def _reactions(self, publisher: Publisher) -> Reactions:
        applications = Remembering(remember_container, container_ended, forget_container, self._application_changed)
        databases = remembering_databases(lambda database_id: self._database_side.changed(database_id))
        return Reactions(
            self._reconcile,
            publisher.doubt,
            publisher.is_proxy,
            lambda event: self._database_side.tcp_proxy_changed(event),
            {labels.APPLICATION_KIND: applications, labels.DATABASE_KIND: databases},
        )

    def _asked(self, application_id: str) -> None:
        self._keeper.interrupt(application_id)
        self._work.wake(application_id)

    async def _converge(self, application_id: str) -> None:
        await self.host.while_connected(self._keeper.converge(application_id))

    async def observe_exposures(self, proxy_ids: Sequence[str]) -> list[TcpProxyObservation]:
        """What each of these TCP proxies does at this moment. Nothing is raised."""
        return await self._database_side.observe_exposures(proxy_ids)

    async def _reconcile(self, present: Sequence[ContainerSummary]) -> None:
        await reconcile(self.sessions, self.host, self._work, present)
        await self._database_side.reconcile(present)
        self._certificate_side.reconcile()

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
        await self.host.while_connected(remove_orphaned_networks(self.sessions, self.host))

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
