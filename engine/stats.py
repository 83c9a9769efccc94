"""What containers use, live: one Docker stream per container, however many watch."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from sqlmodel import Session, select

from db.models import Container
from db.sessions import Sessions
from engine.docker.gateway import DockerGateway
from engine.docker.values import StatsSample
from engine.errors import DockerFailure
from engine.events import EventFilter, EventLog
from engine.mixing import Mixer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplicaStats:
    """A sample, and whose it is."""

    container_id: str
    release_id: str
    replica: int
    sample: StatsSample


@dataclass(slots=True)
class _Shared:
    """One stream of Docker's, and those who wait for its next sample."""

    task: asyncio.Task[None]
    watchers: set[asyncio.Queue[StatsSample | None]] = field(default_factory=set)


class ApplicationStats:
    """Follows the running containers of applications."""

    def __init__(self, sessions: Sessions, events: EventLog, docker: DockerGateway) -> None:
        self._sessions = sessions
        self._events = events
        self._docker = docker
        self._shared: dict[str, _Shared] = {}

    async def follow(self, application_id: str) -> AsyncGenerator[ReplicaStats, None]:
        """A sample per second and running container, without end, also across deployments."""
        mixer: Mixer[ReplicaStats] = Mixer()
        async with mixer:
            mixer.meanwhile(self._keep_up(application_id, mixer))
            async for stats in mixer:
                yield stats

    async def close(self) -> None:
        for shared in list(self._shared.values()):
            shared.task.cancel()
        await asyncio.gather(*(each.task for each in self._shared.values()), return_exceptions=True)

    async def _keep_up(self, application_id: str, mixer: Mixer[ReplicaStats]) -> None:
        cursor = self._events.last
        for row in await self._sessions.read(running_containers, application_id):
            mixer.add(row.id, self._of(row))
        async for event in self._events.follow(EventFilter(application_id=application_id), cursor):
            if event.noun != "Container" or event.data.get("state") != "running":
                continue
            started = await self._sessions.read(_container, event.noun_id)
            if started is not None:
                mixer.add(started.id, self._of(started))

    async def _of(self, row: Container) -> AsyncGenerator[ReplicaStats, None]:
        async with aclosing(self._watch(row.id)) as samples:
            async for sample in samples:
                yield ReplicaStats(row.id, row.release_id, row.replica, sample)

    async def _watch(self, container_id: str) -> AsyncGenerator[StatsSample, None]:
        # A watcher that lags sees the newest sample only.
        queue: asyncio.Queue[StatsSample | None] = asyncio.Queue(maxsize=1)
        shared = self._shared.get(container_id)
        if shared is None:
            shared = self._shared[container_id] = _Shared(asyncio.create_task(self._pump(container_id)))
        shared.watchers.add(queue)
        try:
            while (sample := await queue.get()) is not None:
                yield sample
        finally:
            shared.watchers.discard(queue)
            if not shared.watchers:
                shared.task.cancel()

    async def _pump(self, container_id: str) -> None:
        try:
            async with aclosing(self._docker.stats(container_id)) as samples:
                async for sample in samples:
                    self._hand_out(container_id, sample)
        except DockerFailure as error:
            log.info("The stats of container %s ended: %s", container_id[:12], error)
        finally:
            self._hand_out(container_id, None)
            del self._shared[container_id]

    def _hand_out(self, container_id: str, sample: StatsSample | None) -> None:
        for queue in self._shared[container_id].watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(sample)


def running_containers(session: Session, application_id: str) -> list[Container]:
    return list(
        session.exec(
            select(Container).where(Container.application_id == application_id, Container.state == "running")
        )
    )


def _container(session: Session, container_id: str) -> Container | None:
    return session.get(Container, container_id)
