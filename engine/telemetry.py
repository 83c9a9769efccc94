"""What may be known of a running engine from outside: where it is counted, timed and traced."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter
from types import TracebackType

from db.models import Deployment, Event
from db.sessions import Sessions
from engine.metrics import Histogram, Metrics
from engine.tracing import NO_TRACES, Tracing

_REMEMBERED = 4096
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


class Timed:
    """Times what is done inside, and how it ends: "ok", "cancelled", or by the error, as "docker_not_found"."""

    __slots__ = ("_began", "_ends", "_histogram", "_labels", "_span")

    def __init__(
        self,
        histogram: Histogram,
        labels: tuple[str, ...],
        span: AbstractContextManager[object] | None,
        ends: bool = True,
    ) -> None:
        self._histogram = histogram
        self._labels = labels
        self._span = span
        self._ends = ends

    def __enter__(self) -> None:
        if self._span is not None:
            self._span.__enter__()
        self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        labels = (*self._labels, outcome(kind)) if self._ends else self._labels
        self._histogram.observe(perf_counter() - self._began, *labels)
        if self._span is not None:
            self._span.__exit__(kind, error, trace)


class Telemetry:
    """The metrics of one engine, and its traces where they are wanted."""

    def __init__(self, tracing: Tracing = NO_TRACES) -> None:
        self.metrics = Metrics()
        self.tracing = tracing
        self._committed: dict[int, float] = {}

    def watch(self, sessions: Sessions) -> Callable[[Event], None]:
        """Count what is committed. The answer is to be called with every event."""
        sessions.on_commit(self._count_deployments)

        def notice(event: Event) -> None:
            self.metrics.events.add(event.kind.value)
            if sessions.committed_at is not None:
                self._committed[event.sequence or 0] = sessions.committed_at
                if len(self._committed) > _REMEMBERED:
                    del self._committed[next(iter(self._committed))]

        return notice

    def delivered(self, number: int) -> None:
        """The event of this number is on its way to whoever is told it now."""
        if (committed := self._committed.get(number)) is not None:
            self.metrics.event_lag.observe(perf_counter() - committed)

    def database_work(self, kind: str, work: Callable[..., object]) -> Timed:
        """Around one transaction; `kind` is "read" or "write"."""
        span = None
        if self.tracing.on:
            name = getattr(work, "__name__", type(work).__name__)
            attributes = {"db.system.name": "sqlite", "db.operation.name": name}
            span = self.tracing.detail(f"database {kind}", "client", attributes)
        return Timed(self.metrics.database_seconds, (kind,), span, ends=False)

    def docker_call(self, operation: str) -> Timed:
        """Around one call; `operation` is such as "POST containers/*/start"."""
        span = self.tracing.detail(f"docker {operation}", "client") if self.tracing.on else None
        return Timed(self.metrics.docker_seconds, (operation,), span)

    def deployment_step(self, step: str) -> Timed:
        span = self.tracing.span(f"deployment step {step}") if self.tracing.on else None
        return Timed(self.metrics.step_seconds, (step,), span)

    def proxy_load(self) -> Timed:
        """Around bringing the HTTP proxy a document that it is to serve."""
        span = self.tracing.span("proxy delivery") if self.tracing.on else None
        return Timed(self.metrics.proxy_load_seconds, (), span)

    def _count_deployments(self, notes: list[object]) -> None:
        ended = {note.id: note for note in notes if isinstance(note, Deployment) and note.finished_at}
        for deployment in ended.values():
            result = deployment.status.value.lower()
            self.metrics.deployments.add(result)
            if deployment.finished_at is not None:
                seconds = (deployment.finished_at - deployment.created_at).total_seconds()
                self.metrics.deployment_seconds.observe(seconds, result)


def outcome(kind: type[BaseException] | None) -> str:
    """How something ended, by the error that it ended with."""
    if kind is None:
        return "ok"
    if issubclass(kind, asyncio.CancelledError | GeneratorExit):
        return "cancelled"
    return _WORDS.sub("_", kind.__name__).lower()
