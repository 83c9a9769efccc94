"""What containers write: all that belong together in one stream, in the order of time."""

import heapq
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from db.models import now
from db.sessions import Sessions
from engine.belonging import ContainersOf, Row, row_of, rows_of, tells_of_a_start
from engine.docker.gateway import DockerGateway
from engine.docker.values import LogLine
from engine.errors import DockerNotFound
from engine.events import EventLog
from engine.mixing import Mixer


@dataclass(frozen=True, slots=True)
class Written(Generic[Row]):
    """A line, and whose it is."""

    container: Row
    line: LogLine


class Logs:
    """Reads and follows the logs of applications and databases."""

    def __init__(self, sessions: Sessions, events: EventLog, docker: DockerGateway) -> None:
        self._sessions = sessions
        self._events = events
        self._docker = docker

    async def follow(
        self, containers: ContainersOf[Row], *, tail: int | None, since: datetime | None, follow: bool
    ) -> AsyncGenerator[Written[Row], None]:
        """First what was written: the last `tail` lines (None: all) since `since`, sorted by time.

        Then, if `follow`, what is being written, also by containers that are made later, without end.
        """
        cursor, begun = self._events.last, now()
        rows = await self._sessions.read(rows_of, containers)
        past = await self._history(rows, tail, since)
        newest = {line.container.id: line.line.at for line in past}
        for line in past if tail is None else past[max(len(past) - tail, 0) :]:
            yield line
        if not follow:
            return
        mixer: Mixer[Written[Row]] = Mixer()
        async with mixer:
            for row in rows:
                if row.state == "running":
                    mixer.add(row.id, self._live(row, newest.get(row.id, begun)))
            mixer.meanwhile(self._keep_up(containers, cursor, mixer))
            async for line in mixer:
                yield line

    async def _history(self, rows: list[Row], tail: int | None, since: datetime | None) -> list[Written[Row]]:
        parts = [await self._past(row, tail, since) for row in rows]
        return list(heapq.merge(*parts, key=lambda line: line.line.at))

    async def _past(self, row: Row, tail: int | None, since: datetime | None) -> list[Written[Row]]:
        if tail == 0:
            return []
        try:
            async with aclosing(self._docker.logs(row.id, follow=False, tail=tail, since=since)) as lines:
                return [Written(row, line) async for line in lines]
        except DockerNotFound:
            return []

    async def _live(self, row: Row, after: datetime | None) -> AsyncGenerator[Written[Row], None]:
        # Docker's "since" includes that moment: what was already given is left out here.
        since = after or row.started_at
        try:
            async with aclosing(self._docker.logs(row.id, follow=True, tail=None, since=since)) as lines:
                async for line in lines:
                    if after is None or line.at > after:
                        yield Written(row, line)
        except DockerNotFound:
            return

    async def _keep_up(self, containers: ContainersOf[Row], cursor: int, mixer: Mixer[Written[Row]]) -> None:
        async for event in self._events.follow(containers.events, cursor):
            if tells_of_a_start(event):
                row = await self._sessions.read(row_of, containers, event.noun_id)
                if row is not None:
                    mixer.add(row.id, self._live(row, None))
