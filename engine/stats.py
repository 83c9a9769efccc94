"""What containers use, live: one Docker stream per container, however many watch."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic

from db.sessions import Sessions
from engine.belonging import ContainersOf, Row, row_of, rows_of, tells_of_a_start
from engine.docker.gateway import DockerGateway
from engine.docker.values import StatsSample
from engine.errors import DockerFailure
from engine.events import EventLog
from engine.mixing import Mixer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Used(Generic[Row]):
    """A sample, and whose it is."""

    container: Row
    sample: StatsSample


@dataclass(slots=True)
class _Shared:
    """One stream of Docker's, and those who wait for its next sample."""

    task: asyncio.Task[None]
    watchers: set[asyncio.Queue[StatsSample | None]] = field(default_factory=set)


class Stats:
    """Follows the running containers of applications and databases."""

    def __init__(self, sessions: Sessions, events: EventLog, docker: DockerGateway) -> None:
        self._sessions = sessions
        self._events = events
        self._docker = docker
        self._shared: dict[str, _Shared] = {}

    async def follow(self, containers: ContainersOf[Row]) -> AsyncGenerator[Used[Row], None]:
        """A sample per second and running container, without end, also of those that are made later."""
        mixer: Mixer[Used[Row]] = Mixer()
        async with mixer:
            mixer.meanwhile(self._keep_up(containers, mixer))
            async for stats in mixer:
                yield stats

    async def close(self) -> None:
        for shared in list(self._shared.values()):
            shared.task.cancel()
        await asyncio.gather(*(each.task for each in self._shared.values()), return_exceptions=True)

    async def _keep_up(self, containers: ContainersOf[Row], mixer: Mixer[Used[Row]]) -> None:
        cursor = self._events.last
        for row in await self._sessions.read(rows_of, containers):
            if row.state == "running":
                mixer.add(row.id, self._of(row))
        async for event in self._events.follow(containers.events, cursor):
            if not tells_of_a_start(event):
                continue
            started = await self._sessions.read(row_of, containers, event.noun_id)
            if started is not None:
                mixer.add(started.id, self._of(started))

    async def _of(self, row: Row) -> AsyncGenerator[Used[Row], None]:
        async with aclosing(self._watch(row.id)) as samples:
            async for sample in samples:
                yield Used(row, sample)

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
