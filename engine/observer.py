"""What Docker says, kept in the database: one event stream per engine, and a fresh look after every gap."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import Application, Container, EventKind, Server, ServerState, now
from db.sessions import Sessions
from engine import labels
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerFacts, ContainerState, DockerEvent, EngineVersion
from engine.errors import DockerFailure, DockerNotFound, DockerUnreachable
from engine.events import record
from engine.status import record_about, settle_status

log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 5.0
_FIRST_RETRY_SECONDS = 0.2
_LAST_RETRY_SECONDS = 5.0
_IGNORED = ("exec_", "attach", "resize", "top", "export", "copy", "archive-path", "extract-to-dir")


@dataclass(frozen=True, slots=True)
class Reactions:
    """What the rest of the engine does when the observer learns something."""

    connected: Callable[[], Awaitable[None]]
    application_changed: Callable[[str], None]
    proxy_changed: Callable[[], None]


class Observer:
    """Watches the containers of this instance on one server."""

    def __init__(
        self,
        sessions: Sessions,
        docker: DockerGateway,
        *,
        instance_id: str,
        server_id: str,
        reactions: Reactions,
    ) -> None:
        self._sessions = sessions
        self._docker = docker
        self._ours = labels.ours(instance_id)
        self._server_id = server_id
        self._reactions = reactions
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Watch until cancelled, through every outage of the Docker engine."""
        delay = _FIRST_RETRY_SECONDS
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._watch()
            except* DockerFailure as errors:
                await self._lost(errors.exceptions[0])
            except* Exception:
                log.exception("The watch over the Docker engine stumbled; it begins again.")
            if asyncio.get_running_loop().time() - started > _LAST_RETRY_SECONDS:
                delay = _FIRST_RETRY_SECONDS
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY_SECONDS)

    async def _watch(self) -> None:
        async with self._docker.events(self._ours, None) as stream, asyncio.TaskGroup() as group:
            group.create_task(self._heartbeat())
            await self._reconnected()
            async for event in stream:
                await self._react(event)

    async def look(self, container_id: str) -> None:
        """Inspect one container and remember what it is now."""
        async with self._looking:
            try:
                facts = await self._docker.inspect_container(container_id)
            except DockerNotFound:
                application_id = await self._sessions.write(forget_container, container_id)
            else:
                application_id = await self._sessions.write(remember_container, self._server_id, facts)
        if application_id:
            self._reactions.application_changed(application_id)

    async def look_at_all(self) -> None:
        """Compare every container of ours with what we remember."""
        present = await self._docker.list_containers(self._ours)
        for summary in present:
            if labels.is_application(summary.labels):
                await self.look(summary.id)
        remembered = await self._sessions.read(_remembered, self._server_id)
        for container_id in remembered - {summary.id for summary in present}:
            await self.look(container_id)

    async def _reconnected(self) -> None:
        version = await self._docker.ping()
        if await self._sessions.write(server_reachable, self._server_id, version):
            log.info("The Docker engine answers: version %s.", version.engine)
        await self.look_at_all()
        await self._reactions.connected()

    async def _lost(self, error: BaseException) -> None:
        if await self._sessions.write(server_unreachable, self._server_id, str(error)):
            log.warning("The Docker engine does not answer: %s", error)

    async def _heartbeat(self) -> None:
        # A hung engine keeps the event stream open and silent: only a question finds out.
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            await self._docker.ping()

    async def _react(self, event: DockerEvent) -> None:
        if event.kind != "container" or event.action.startswith(_IGNORED):
            return
        if not labels.is_application(event.attributes):
            self._reactions.proxy_changed()
            return
        try:
            await self.look(event.id)
        except DockerUnreachable:
            raise
        except Exception:
            log.exception("Skipped a Docker event; what we show may lag: %s", event)


def remember_container(session: Session, server_id: str, facts: ContainerFacts) -> str | None:
    """Write what Docker says of a container of an application; the application's id if something changed."""
    application_id = facts.labels.get(labels.APPLICATION, "")
    application = session.get(Application, application_id)
    row = session.get(Container, facts.id)
    if application is None:
        return None
    if row is None:
        row = Container(
            id=facts.id,
            name=facts.name,
            server_id=server_id,
            application_id=application_id,
            release_id=facts.labels.get(labels.RELEASE, ""),
            replica=int(facts.labels.get(labels.REPLICA, "0")),
            state="",
        )
    seen = _seen(facts, row)
    if all(getattr(row, name) == value for name, value in seen.items()):
        return None
    for name, value in seen.items():
        setattr(row, name, value)
    row.observed_at = now()
    session.add(row)
    record_container(session, application, row)
    settle_status(session, application_id)
    return application_id


def _seen(facts: ContainerFacts, row: Container) -> dict[str, object]:
    running = facts.state is ContainerState.RUNNING
    network = labels.network_name(facts.labels.get(labels.ENVIRONMENT, ""))
    return {
        "name": facts.name,
        "state": facts.state.value,
        # A container that was started again has to prove itself again.
        "ready": row.ready and running and row.started_at == facts.started_at,
        "health": facts.health.value if facts.health else None,
        "exit_code": None if running else facts.exit_code,
        "out_of_memory": facts.out_of_memory,
        "error": facts.error,
        "restart_count": facts.restart_count,
        "address": facts.addresses.get(network) or None,
        "started_at": facts.started_at,
        "finished_at": facts.finished_at,
    }


def mark_ready(session: Session, container_id: str) -> None:
    """Note that a running container has passed its check."""
    row = session.get(Container, container_id)
    if row is None or row.ready or row.state != ContainerState.RUNNING.value:
        return
    row.ready = True
    session.add(row)
    record_container(session, session.get_one(Application, row.application_id), row)
    settle_status(session, row.application_id)


def forget_container(session: Session, container_id: str) -> str | None:
    """Drop a container that Docker no longer has; its application's id if we knew it."""
    row = session.get(Container, container_id)
    if row is None:
        return None
    application = session.get(Application, row.application_id)
    session.delete(row)
    if application is not None:
        row.state, row.ready = "removed", False
        record_container(session, application, row)
        settle_status(session, application.id)
    return row.application_id


def record_container(session: Session, application: Application, row: Container) -> None:
    record_about(
        session,
        EventKind.CONTAINER_STATE,
        application,
        noun="Container",
        noun_id=row.id,
        data={
            "name": row.name,
            "replica": row.replica,
            "releaseId": row.release_id,
            "state": row.state,
            "ready": row.ready,
            "health": row.health,
            "exitCode": row.exit_code,
            "outOfMemory": row.out_of_memory,
        },
    )


def server_reachable(session: Session, server_id: str, version: EngineVersion) -> bool:
    """Note that the engine answers; whether that is news."""
    server = session.get_one(Server, server_id)
    server.engine_version = version.engine
    return _become(session, server, ServerState.REACHABLE, "")


def server_unreachable(session: Session, server_id: str, reason: str) -> bool:
    """Note that the engine does not answer, and with it that nobody knows how its applications are; if news."""
    return _become(session, session.get_one(Server, server_id), ServerState.UNREACHABLE, reason)


def _become(session: Session, server: Server, state: ServerState, reason: str) -> bool:
    changed = server.state is not state
    server.state, server.state_reason = state, reason
    session.add(server)
    if not changed:
        return False
    record(
        session,
        EventKind.SERVER_STATE,
        "Server",
        server.id,
        server_id=server.id,
        data={"state": state.value, "reason": reason},
    )
    for application_id in session.exec(select(Application.id).where(Application.server_id == server.id)):
        settle_status(session, application_id)
    return True


def _remembered(session: Session, server_id: str) -> set[str]:
    return set(session.exec(select(col(Container.id)).where(Container.server_id == server_id)))
