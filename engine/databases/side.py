"""Everything that is done for the databases of one server: they are kept, exposed, dumped and restored."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from db.errors import DatabaseUnusable
from db.sessions import Sessions
from engine import labels
from engine.certificates.uses import proxies_showing
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
from engine.docker.values import ContainerSummary, DockerEvent
from engine.exposures.keeper import ExposureKeeper, proxy_ended, reconcile_exposures
from engine.exposures.requests import Exposures
from engine.host import Host
from engine.observer import Remembering
from engine.outside import Outside
from engine.proxy.tcp.making import directory_in as tcp_directory_in
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.proxies import TcpProxies
from engine.secrets import Cipher
from engine.settings import EngineSettings
from engine.work import Work

_AT_ONCE = 8
_COPIES_AT_ONCE = 2  # dumps and restores together
_LONGEST_DELAY = 10.0  # seconds


class DatabaseSide:
    """What the API may ask about databases, and those who see to it. `close` lets go of everything.

    `proxy_key` is the secret from which each TCP proxy has its own. `wake_application` has an application looked at.
    """

    def __init__(
        self,
        sessions: Sessions,
        settings: EngineSettings,
        host: Host,
        cipher: Cipher,
        proxy_key: bytes,
        outside: Outside,
        wake_application: Callable[[str], None],
    ) -> None:
        self._sessions = sessions
        self._settings = settings
        self._host = host
        self._cipher = cipher
        self._work = Work(self._converge, _AT_ONCE, _LONGEST_DELAY)
        self._exposure_work = Work(self._converge_exposure, _AT_ONCE, _LONGEST_DELAY)
        copying = asyncio.Semaphore(_COPIES_AT_ONCE)
        self._dump_work = Work(self._carry_out_dump, copying, _LONGEST_DELAY)
        self._restore_work = Work(self._carry_out_restore, copying, _LONGEST_DELAY)
        self._exposure_keeper = self._make_exposure_keeper(proxy_key, outside)
        servers = Servers(host.docker)
        rotation = Rotation(sessions, servers, cipher, wake_application)
        self._keeper = DatabaseKeeper(
            sessions, host, servers, rotation, self._exposure_keeper.close_for, cipher, settings.database_images
        )
        self._make_copiers(servers)
        self.databases = Databases(sessions, cipher, self._asked, lambda: host.observer.cores, settings.public_host)
        self.exposures = Exposures(sessions, settings.tcp_ports, settings.tcp_address, self._exposure_work.wake)

    @property
    def works(self) -> dict[str, Work]:
        """Who is at work, by what it is about."""
        return {
            "databases": self._work,
            "tcp_proxies": self._exposure_work,
            "dumps": self._dump_work,
            "restores": self._restore_work,
        }

    async def close(self) -> None:
        """Stop converging. What runs on the host runs on."""
        works = (self._work, self._exposure_work, self._dump_work, self._restore_work)
        await asyncio.gather(*(each.close() for each in works))
        self._exposure_keeper.close()

    def changed(self, database_id: str) -> None:
        """Have a database looked at, of whose container there is news."""
        self._work.tell(database_id)

    def certificate_changed(self, certificate_id: str) -> None:
        """Have the TCP proxies looked at that show a certificate of which there is news."""
        with suppress(DatabaseUnusable):  # afterwards all that show any are looked at
            for proxy in self._sessions.read_now(proxies_showing, certificate_id):
                self._exposure_work.wake(proxy.id)

    async def tcp_proxy_changed(self, event: DockerEvent) -> None:
        """Take in what Docker tells of the container of a TCP proxy."""
        proxy_id = event.attributes.get(labels.TCP_PROXY, "")
        if event.action == "die":
            await self._sessions.write(proxy_ended, proxy_id)
        self._exposure_work.tell(proxy_id)

    async def observe_exposures(self, proxy_ids: Sequence[str]) -> list[TcpProxyObservation]:
        """What each of these TCP proxies does at this moment. Nothing is raised."""
        return await self._exposure_keeper.observe(proxy_ids)

    async def reconcile(self, present: Sequence[ContainerSummary]) -> None:
        """Have everything looked after that is not as it is wanted. `present` is every container of ours there is."""
        await reconcile_databases(self._sessions, self._host, self._work, present)
        await reconcile_copies(self._sessions, self._host, self._dump_work, self._restore_work, present)
        await reconcile_exposures(self._sessions, self._host, self._exposure_work, present)

    def _make_exposure_keeper(self, key: bytes, outside: Outside) -> ExposureKeeper:
        proxies = TcpProxies(
            self._host.docker,
            image=self._settings.proxy_image,
            outside=outside,
            directory=tcp_directory_in(self._settings.data_directory),
        )
        return ExposureKeeper(
            self._sessions,
            self._host,
            proxies,
            self._settings.tcp_ports,
            self._cipher,
            key,
            self._exposure_work.wake,
        )

    def _make_copiers(self, servers: Servers) -> None:
        directory = dumps_in(self._settings.data_directory)
        docker, instance_id = self._host.docker, self._host.instance_id
        scratch = Scratch(docker, servers, self._cipher, self._settings.database_images)
        self._dumping = Dumping(self._sessions, scratch, instance_id, directory)
        self._restoring = Restoring(self._sessions, docker, scratch, instance_id, directory, self._asked)
        self.copies = Copies(self._sessions, directory, self._dump_work.wake, self._restore_work.wake)

    def _asked(self, database_id: str) -> None:
        self._keeper.interrupt(database_id)
        self._work.wake(database_id)

    async def _converge(self, database_id: str) -> None:
        await self._host.while_connected(self._keeper.converge(database_id))

    async def _converge_exposure(self, proxy_id: str) -> None:
        await self._host.while_connected(self._exposure_keeper.converge(proxy_id))

    async def _carry_out_dump(self, dump_id: str) -> None:
        await self._host.while_connected(self._dumping.carry_out(dump_id))

    async def _carry_out_restore(self, restore_id: str) -> None:
        await self._host.while_connected(self._restoring.carry_out(restore_id))


def remembering_databases(changed: Callable[[str], None]) -> Remembering:
    """How the containers of databases are remembered; `changed` is told of news of a database."""
    return Remembering(remember_database_container, database_container_ended, forget_database_container, changed)
