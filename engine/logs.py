"""What an application's containers write: all replicas in one stream, in the order of time."""

import heapq
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from db.models import Container, now
from db.sessions import Sessions
from engine.docker.gateway import DockerGateway
from engine.docker.values import LogLine
from engine.errors import DockerNotFound
from engine.events import EventFilter, EventLog
from engine.mixing import Mixer


@dataclass(frozen=True, slots=True)
class ReplicaLine:
    """A line, and whose it is."""

    container_id: str
    release_id: str
    replica: int
    line: LogLine


class ApplicationLogs:
    """Reads and follows the logs of applications."""

    def __init__(self, sessions: Sessions, events: EventLog, docker: DockerGateway) -> None:
        self._sessions = sessions
        self._events = events
        self._docker = docker

    async def follow(
        self, application_id: str, *, tail: int | None, since: datetime | None, follow: bool
    ) -> AsyncGenerator[ReplicaLine, None]:
        """First what was written: the last `tail` lines (None: all) since `since`, sorted by time.

        Then, if `follow`, what is being written, also by the containers of later releases, without end.
        """
        cursor, begun = self._events.last, now()
        rows = await self._sessions.read(all_containers, application_id)
        past = await self._history(rows, tail, since)
        newest = {line.container_id: line.line.at for line in past}
        for line in past if tail is None else past[max(len(past) - tail, 0) :]:
            yield line
        if not follow:
            return
        mixer: Mixer[ReplicaLine] = Mixer()
        async with mixer:
            for row in rows:
                if row.state == "running":
                    mixer.add(row.id, self._live(row, newest.get(row.id, begun)))
            mixer.meanwhile(self._keep_up(application_id, cursor, mixer))
            async for line in mixer:
                yield line

    async def _history(self, rows: list[Container], tail: int | None, since: datetime | None) -> list[ReplicaLine]:
        parts = [await self._past(row, tail, since) for row in rows]
        return list(heapq.merge(*parts, key=lambda line: line.line.at))

    async def _past(self, row: Container, tail: int | None, since: datetime | None) -> list[ReplicaLine]:
        if tail == 0:
            return []
        try:
            async with aclosing(self._docker.logs(row.id, follow=False, tail=tail, since=since)) as lines:
                return [_of(row, line) async for line in lines]
        except DockerNotFound:
            return []

    async def _live(self, row: Container, after: datetime | None) -> AsyncGenerator[ReplicaLine, None]:
        # Docker's "since" includes that moment: what was already given is left out here.
        since = after or row.started_at
        try:
            async with aclosing(self._docker.logs(row.id, follow=True, tail=None, since=since)) as lines:
                async for line in lines:
                    if after is None or line.at > after:
                        yield _of(row, line)
        except DockerNotFound:
            return

    async def _keep_up(self, application_id: str, cursor: int, mixer: Mixer[ReplicaLine]) -> None:
        async for event in self._events.follow(EventFilter(application_id=application_id), cursor):
            if event.noun == "Container" and event.data.get("state") == "running":
                row = await self._sessions.read(_container, event.noun_id)
                if row is not None:
                    mixer.add(row.id, self._live(row, None))


def _of(row: Container, line: LogLine) -> ReplicaLine:
    return ReplicaLine(row.id, row.release_id, row.replica, line)


def all_containers(session: Session, application_id: str) -> list[Container]:
    """The containers of the live or stopped release, and of one that is being deployed."""
    rows = session.exec(
        select(Container)
        .where(Container.application_id == application_id)
        .order_by(col(Container.release_id), col(Container.replica))
    )
    return list(rows)


def _container(session: Session, container_id: str) -> Container | None:
    return session.get(Container, container_id)
