"""What containers write, as lines."""

from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from engine.docker.connection import Connection, Request
from engine.docker.rawstream import Demultiplexer
from engine.docker.references import checked
from engine.docker.values import LogLine
from engine.errors import DockerNotFound

REMEMBERED_LINES = 32


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a container's log that is asked for."""

    ref: str
    terminal: bool
    tail: int | None
    since: datetime | None

    def request(self, *, follow: bool) -> Request:
        params = {
            "stdout": "1",
            "stderr": "1",
            "timestamps": "1",
            "follow": str(int(follow)),
            "tail": "all" if self.tail is None else str(self.tail),
        } | ({"since": f"{self.since.timestamp():.6f}"} if self.since else {})
        path = f"containers/{checked(self.ref)}/logs"
        return Request(f"read the log of container {self.ref}", "GET", path, params)


class Logs(Connection):
    """Logs, read once or followed. A followed one frees its connection when it is closed."""

    async def logs(
        self, ref: str, *, follow: bool, tail: int | None, since: datetime | None
    ) -> AsyncGenerator[LogLine, None]:
        """What the container wrote: the last `tail` lines (None: all) since `since`, then on, if to follow.

        With `follow` it ends when the container does, after its very last line.
        """
        part = _Part(ref, await self._has_terminal(ref), tail, since)
        if not follow:
            async with aclosing(self._read(part)) as lines:
                async for line in lines:
                    yield line
            return
        recent: deque[LogLine] = deque(maxlen=REMEMBERED_LINES)
        async with aclosing(self._read(part, follow=True)) as lines:
            async for line in lines:
                recent.append(line)
                yield line
        # Docker ends a followed log together with its container, now and then before the last lines.
        last = replace(part, tail=None, since=recent[-1].at) if recent else part
        async with aclosing(self._unseen(last, Counter(recent))) as lines:
            async for line in lines:
                yield line

    async def log_tail(self, ref: str, lines: int) -> list[LogLine]:
        """The last lines the container wrote, in their order."""
        return [line async for line in self.logs(ref, follow=False, tail=lines, since=None)]

    async def _read(self, part: _Part, *, follow: bool = False) -> AsyncGenerator[LogLine, None]:
        """Whole lines only where the log is followed: its unfinished last line is read again."""
        lines = Demultiplexer(terminal=part.terminal)
        async with self._stream(part.request(follow=follow), deadline=self._deadline) as answer:
            while piece := await answer.piece():
                for line in lines.feed(piece):
                    yield line
        for line in () if follow else lines.finish():
            yield line

    async def _unseen(self, part: _Part, seen: Counter[LogLine]) -> AsyncGenerator[LogLine, None]:
        try:
            async with aclosing(self._read(part)) as lines:
                async for line in lines:
                    seen[line] -= 1
                    if seen[line] < 0:
                        yield line
        except DockerNotFound:
            return

    async def _has_terminal(self, ref: str) -> bool:
        request = Request(f"inspect container {ref}", "GET", f"containers/{checked(ref)}/json")
        terminal: bool = (await self._call(request))["Config"]["Tty"]
        return terminal
