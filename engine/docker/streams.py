"""What goes on and on: resource use, events. Each stream frees its connection when it is closed."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

import orjson

from engine.docker import facts
from engine.docker.connection import Answer, Connection, Request
from engine.docker.references import checked
from engine.docker.statistics import is_first, stats_sample
from engine.docker.values import DockerEvent, StatsSample
from engine.errors import DockerUnreachable

NANOSECONDS = 1_000_000_000
LISTEN_DEADLINE = 5.0  # until the stream of events has begun; without it nothing is known


class EventStream:
    """Docker's events as they happen. It never ends quietly: its end is DockerUnreachable."""

    def __init__(self, answer: Answer, labels: Mapping[str, str]) -> None:
        self._answer = answer
        self._labels = labels.items()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DockerEvent:
        async for raw in self._answer:
            event = facts.docker_event(raw)
            if event.kind == "network" or self._labels <= event.attributes.items():
                return event
        raise DockerUnreachable("Docker ended its stream of events.")


class Streams(Connection):
    """Containers watched while they run."""

    async def stats(self, ref: str) -> AsyncGenerator[StatsSample, None]:
        """One sample a second, from the second second on; ends when the container does not run."""
        request = Request(f"watch container {ref}", "GET", f"containers/{checked(ref)}/stats", {"stream": "1"})
        async with self._stream(request, deadline=self._deadline) as answer:
            async for raw in answer:
                sample = stats_sample(raw)
                if sample is None:
                    return
                if not is_first(raw):
                    yield sample

    async def sample(self, ref: str) -> StatsSample | None:
        """What a container uses at this moment, all but its processor time; None when it does not run."""
        params = {"stream": "0", "one-shot": "1"}
        request = Request(f"look at what container {ref} uses", "GET", f"containers/{checked(ref)}/stats", params)
        return stats_sample(await self._call(request))

    @asynccontextmanager
    async def events(self, labels: Mapping[str, str], since_ns: int | None) -> AsyncIterator[EventStream]:
        """Events of containers that carry all of `labels`, and of networks, from `since_ns` (None: now) on.

        Once inside, nothing is missed: what happens from then on will come out of the stream.
        """
        # Docker says 200 before it listens. Asking for events since a moment before that closes the gap.
        since = await self._engine_clock() if since_ns is None else since_ns
        params = {
            "since": f"{since // NANOSECONDS}.{since % NANOSECONDS:09d}",
            # Events of networks bear no labels, so Docker cannot choose for us.
            "filters": orjson.dumps({"type": ["container", "network"]}).decode(),
        }
        request = Request("tell its events", "GET", "events", params)
        async with self._stream(request, deadline=LISTEN_DEADLINE) as answer:
            yield EventStream(answer, labels)

    async def _engine_clock(self) -> int:
        """The engine's time in nanoseconds: a remote one need not agree with ours."""
        info = await self._call(Request("tell the time", "GET", "info"), deadline=LISTEN_DEADLINE)
        since_1970 = datetime.fromisoformat(info["SystemTime"]) - datetime.fromtimestamp(0, UTC)
        return since_1970 // timedelta(microseconds=1) * 1000
