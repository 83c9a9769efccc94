"""Making one database what it is wanted to be: one volume, one container; running, stopped, gone."""

import logging
from collections.abc import Awaitable, Callable

from sqlmodel import Session

from db.models import Database, DatabaseProblem, DesiredState, EventKind, now
from db.sessions import Sessions
from engine import labels
from engine.concurrency import Interrupted, Interruptible
from engine.databases.copy_records import volume_serves
from engine.databases.failure import DatabaseFailed, Trouble, trouble_of
from engine.databases.kinds import Command
from engine.databases.order import Order, berth_of, order_of
from engine.databases.rotation import Rotation
from engine.databases.servers import Servers, last_line
from engine.databases.standing import forget_database
from engine.databases.status import container_of, record_about_database, settle_database
from engine.docker.values import ContainerFacts, ContainerState
from engine.errors import EngineError
from engine.host import Host
from engine.secrets import Cipher

log = logging.getLogger(__name__)

_KEPT_RUNNING = {"Name": "unless-stopped"}
_FAILED_STARTS = {DatabaseProblem.EXITED, DatabaseProblem.OUT_OF_MEMORY, DatabaseProblem.NOT_READY}


class DatabaseKeeper:
    """Converges the databases of one server. `images` is where their images come from."""

    def __init__(
        self,
        sessions: Sessions,
        host: Host,
        servers: Servers,
        rotation: Rotation,
        close_exposure: Callable[[str], Awaitable[None]],
        cipher: Cipher,
        images: str | None,
    ) -> None:
        self._sessions = sessions
        self._host = host
        self._cipher = cipher
        self._rotation = rotation
        self._close_exposure = close_exposure
        self._images = images
        self._servers = servers
        self._waiting = Interruptible()

    def interrupt(self, database_id: str) -> None:
        """Do not wait any longer for a server that may never be ready: a person has asked for something."""
        self._waiting.interrupt(database_id)

    async def converge(self, database_id: str) -> None:
        """Do everything there is to do for one database, then return. May be cut short and called again."""
        database = await self._sessions.read(_database, database_id)
        if database is None:
            return
        order = order_of(database, berth_of(self._host.instance_id, database), self._cipher, self._images)
        match database.desired:
            case DesiredState.RUNNING:
                await self._keep(database, order)
            case DesiredState.STOPPED:
                await self._stop(order)
            case DesiredState.REMOVED:
                await self._remove(database, order)

    async def _keep(self, database: Database, order: Order) -> None:
        try:
            await self._bring_up(database, order)
        except Interrupted:
            log.info("%s: something else was asked for meanwhile.", database.name)
        except EngineError as error:
            if trouble := trouble_of(error):
                await self._sessions.write(note_trouble, database.id, database.volume_id, trouble)
            raise

    async def _bring_up(self, database: Database, order: Order) -> None:
        facts = await self._as_wanted(database, order)
        if facts is None or facts.state is not ContainerState.RUNNING or not await self._known_ready(database.id):
            await self._start(database, order, facts)
        if database.previous_volume_id is not None:
            if not await self._sessions.write(volume_serves, database.id, database.volume_id):
                return  # a restore was undone meanwhile
            await self._host.docker.remove_volume(labels.volume_name(database.previous_volume_id))
            await self._sessions.write(_forget_previous_volume, database.id, database.previous_volume_id)
        if database.next_password is not None:
            await self._rotation.carry_out(database, order)

    async def _as_wanted(self, database: Database, order: Order) -> ContainerFacts | None:
        """The container there is, unless it was another than is wanted: then it was shut down and removed."""
        facts = await self._servers.facts(order)
        if facts is not None and not _can_be_kept(database, order, facts):
            log.info("%s: its container is made anew, as it is wanted now.", database.name)
            await self._servers.remove(order)
            await self._host.observer.look(facts.id)
            if _never_worked(database):
                # What a first start has left half made no second one mends, and nothing was ever in it.
                await self._host.docker.remove_volume(order.berth.volume)
            facts = None
        if database.restart_wanted:
            if facts is not None:
                await self._servers.stop(order)
                await self._host.observer.look(facts.id)
            await self._sessions.write(_restarting, database.id)
            facts = await self._servers.facts(order)
        return facts

    async def _start(self, database: Database, order: Order, facts: ContainerFacts | None) -> None:
        await self._host.networks.ensure(database.environment_id)
        if facts is None:
            container_id = await self._servers.create(order, first=database.data_version is None)
        else:
            container_id = facts.id
            await self._back_on_network(order, facts)
        await self._servers.start(order)
        await self._host.observer.look(container_id)

        async def complain(failed: DatabaseFailed) -> None:
            await self._sessions.write(note_trouble, database.id, database.volume_id, failed.trouble)

        await self._waiting.run(database.id, self._servers.until_ready(order, complain))
        if database.data_version is None:
            # Nobody but us knows the password: see once that it opens.
            await self._must_work(order, order.kind.login(order.setup))
        if database.data_version not in (None, order.setup.version):
            for command in order.kind.after_version_change(order.setup):
                await self._must_work(order, command)
        await self._host.docker.update_restart_policy(container_id, _KEPT_RUNNING)
        await self._sessions.write(_came_up, database.id, database.volume_id, order.setup.version)
        await self._host.observer.look(container_id, passed=True)

    async def _must_work(self, order: Order, command: Command) -> None:
        """Have the command work. Raises `DatabaseFailed`."""
        outcome = await self._servers.run(order, command)
        if not outcome.worked:
            sentence = f"{command.arguments[0]} did not work: {last_line(outcome)}"
            raise DatabaseFailed(DatabaseProblem.NOT_READY, sentence)

    async def _back_on_network(self, order: Order, facts: ContainerFacts) -> None:
        network = order.berth.network
        if network and order.berth.alias and network not in facts.addresses:
            await self._host.docker.connect_network(network, facts.id, aliases=[order.berth.alias])

    async def _known_ready(self, database_id: str) -> bool:
        return await self._sessions.read(_is_ready, database_id)

    async def _stop(self, order: Order) -> None:
        facts = await self._servers.facts(order)
        if facts is not None:
            await self._servers.stop(order)
            await self._host.observer.look(facts.id)

    async def _remove(self, database: Database, order: Order) -> None:
        await self._close_exposure(database.id)
        facts = await self._servers.facts(order)
        await self._servers.remove(order)
        if facts is not None:
            await self._host.observer.look(facts.id)
        if database.remove_volume:
            for volume_id in filter(None, (database.volume_id, database.previous_volume_id)):
                await self._host.docker.remove_volume(labels.volume_name(volume_id))
        await self._sessions.write(forget_database, database.id)


def _can_be_kept(database: Database, order: Order, facts: ContainerFacts) -> bool:
    """Whether a container is as it is wanted, none whose files may be missing and none whose first start failed."""
    if facts.state is ContainerState.CREATED or (facts.state is ContainerState.EXITED and _never_worked(database)):
        return False
    return facts.labels.get(labels.SPEC) == order.fingerprint


def _never_worked(database: Database) -> bool:
    """Whether we have seen the first start on a volume fail.

    That nothing was written down is not enough: we may have been killed just when it came up.
    """
    return database.data_version is None and database.problem in _FAILED_STARTS


def _database(session: Session, database_id: str) -> Database | None:
    return session.get(Database, database_id)


def _is_ready(session: Session, database_id: str) -> bool:
    container = container_of(session, database_id)
    return container is not None and container.ready


def _restarting(session: Session, database_id: str) -> None:
    database = session.get_one(Database, database_id)
    database.restart_wanted = False
    session.add(database)


def _came_up(session: Session, database_id: str, volume_id: str, version: str) -> None:
    database = session.get_one(Database, database_id)
    if database.volume_id != volume_id:
        return  # it is to run on another one by now
    database.data_version = version
    database.problem, database.problem_message = None, ""
    database.problem_exit_code, database.problem_log = None, []
    session.add(database)


def _forget_previous_volume(session: Session, database_id: str, volume_id: str) -> None:
    database = session.get_one(Database, database_id)
    if database.previous_volume_id == volume_id:
        database.previous_volume_id = None
        session.add(database)


def note_trouble(session: Session, database_id: str, volume_id: str, trouble: Trouble) -> None:
    """Remember why a database does not serve, as far as that is still to be on this volume."""
    database = session.get(Database, database_id)
    if database is None or database.volume_id != volume_id:
        return
    news = (database.problem, database.problem_message) != (trouble.problem, trouble.message)
    database.problem, database.problem_message = trouble.problem, trouble.message
    database.problem_exit_code, database.problem_log = trouble.exit_code, list(trouble.log)
    database.updated_at = now()
    session.add(database)
    before = database.status
    settle_database(session, database_id)
    if news and database.status is before:
        # It was failing before, for another reason.
        data = {"status": database.status.value, "problem": trouble.problem.value, "message": trouble.message}
        record_about_database(session, EventKind.DATABASE_STATUS, database, data=data)
