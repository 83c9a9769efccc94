"""Counts, times and traces operations, whatever they come by."""

from collections import Counter
from contextlib import AbstractContextManager
from time import perf_counter
from types import TracebackType
from typing import TypeVar

from strawberry.types import ExecutionResult

from engine.telemetry import Telemetry, outcome
from graph.errors import failed_as_a_whole
from graph.persisted import Described, Persisted

_SUBSCRIPTION = "subscription"

R = TypeVar("R", bound=ExecutionResult | None)


class Operations:
    """The operations of one view. `subscriptions` is how many there are now, by transport, `asked` all others."""

    def __init__(self, telemetry: Telemetry, persisted: Persisted) -> None:
        self.telemetry = telemetry
        self.subscriptions: Counter[str] = Counter()
        self.asked = 0
        self._persisted = persisted

    def watched(self, transport: str, text: str, chosen: str | None) -> "Watched":
        """Around one operation, which is told its results."""
        return Watched(self, transport, self._persisted.described(text, chosen))

    def span(self, what: Described) -> AbstractContextManager[object] | None:
        # One that lasts for days would be the parent of all that happens meanwhile.
        if what.type == _SUBSCRIPTION:
            return None
        attributes = {"graphql.operation.type": what.type, "graphql.operation.name": what.name}
        return self.telemetry.tracing.span(f"{what.type} {what.name}", attributes=attributes)

    def ended(self, transport: str, what: Described, result: str, seconds: float) -> None:
        type_, name = what
        metrics = self.telemetry.metrics
        metrics.operations.add(type_, name, transport, result)
        if type_ != _SUBSCRIPTION:
            metrics.operation_seconds.observe(seconds, type_, result)


class Watched:
    """One operation. It ends as "ok", with "errors" beside data, "refused" as a whole, "cancelled", or by a bug."""

    __slots__ = ("_began", "_of", "_result", "_span", "_transport", "_what")

    def __init__(self, of: Operations, transport: str, what: Described) -> None:
        self._of = of
        self._transport = transport
        self._what = what
        self._result = "ok"
        self._span = of.span(what) if of.telemetry.tracing.on else None

    def saw(self, result: R) -> R:
        """None: it was not executed here, and is counted where it is."""
        if result is None:
            self._result = ""
        elif result.errors and self._result == "ok":
            self._result = "refused" if failed_as_a_whole(result) else "errors"
        return result

    def __enter__(self) -> "Watched":
        if self._what.type == _SUBSCRIPTION:
            self._of.subscriptions[self._transport] += 1
        else:
            self._of.asked += 1
        if self._span is not None:
            self._span.__enter__()
        self._began = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = perf_counter() - self._began
        if self._what.type == _SUBSCRIPTION:
            self._of.subscriptions[self._transport] -= 1
        else:
            self._of.asked -= 1
        if result := self._result if kind is None else outcome(kind):
            self._of.ended(self._transport, self._what, result, seconds)
        if self._span is not None:
            self._of.telemetry.tracing.note({"wharf.outcome": result})
            self._span.__exit__(kind, error, trace)
