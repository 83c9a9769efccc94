"""What is counted while we work. Plain numbers, cheap to add to: how they are shown is somebody else's business.

Labels come from the program, never from what a person typed, so that there are only so many of them. Everything here
belongs to the event loop of one engine.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

FAST = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
"""Bounds, in seconds, for what is done within this process."""
NETWORK = (0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)
LONG = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)


class Counter:
    """How often something has happened, for each combination of labels."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        self.name = name
        self.help = help
        self.labels = labels
        self.values: defaultdict[tuple[str, ...], int] = defaultdict(int)

    def add(self, *labels: str) -> None:
        self.values[labels] += 1


@dataclass(slots=True)
class _Row:
    counts: list[int]
    sum: float = 0.0


class Histogram:
    """How long something took, in seconds, for each combination of labels."""

    def __init__(self, name: str, help: str, bounds: Sequence[float], *labels: str) -> None:
        self.name = name
        self.help = help
        self.bounds = bounds
        self.labels = labels
        self._rows: dict[tuple[str, ...], _Row] = {}

    def observe(self, seconds: float, *labels: str) -> None:
        row = self._rows.get(labels)
        if row is None:
            row = self._rows[labels] = _Row([0] * (len(self.bounds) + 1))
        row.counts[bisect_left(self.bounds, seconds)] += 1
        row.sum += seconds

    def rows(self) -> Iterator[tuple[tuple[str, ...], list[int], float]]:
        """By labels: how many were at most as long as each bound, and how many at all; and their sum."""
        for labels, row in self._rows.items():
            yield labels, list(accumulate(row.counts)), row.sum


class Metrics:
    """All that is counted of one engine and of the API in front of it."""

    def __init__(self) -> None:
        self.operations = Counter(
            "wharf_graphql_operations",
            "GraphQL operations that have ended. Names are those of known persisted operations.",
            *("type", "name", "transport", "outcome"),
        )
        self.operation_seconds = Histogram(
            "wharf_graphql_operation_seconds", "Queries and mutations, executed.", FAST, "type", "outcome"
        )
        self.events = Counter("wharf_events", "Events that were written, by what they tell.", "kind")
        self.event_lag = Histogram(
            "wharf_event_delivery_seconds",
            "From the commit of an event until those who are told it together were sent it.",
            FAST,
        )
        self.deployments = Counter("wharf_deployments_ended", "Deployments that have ended.", "outcome")
        self.deployment_seconds = Histogram(
            "wharf_deployment_seconds", "Deployments, from being asked for to their end.", LONG, "outcome"
        )
        self.step_seconds = Histogram(
            "wharf_deployment_step_seconds", "Steps of deployments.", LONG, "step", "outcome"
        )
        self.docker_seconds = Histogram(
            "wharf_docker_call_seconds",
            "Calls of Docker's API; of those that stream, until they have begun.",
            NETWORK,
            *("operation", "outcome"),
        )
        self.database_seconds = Histogram(
            "wharf_database_work_seconds", "Transactions; writes with the time that they wait.", FAST, "kind"
        )
        self.proxy_revisions = Counter(
            "wharf_proxy_revisions", "Documents for the HTTP proxy, and attempts that failed.", "result"
        )
        self.proxy_load_seconds = Histogram(
            "wharf_proxy_load_seconds",
            "From sending the HTTP proxy a document until it serves it.",
            NETWORK,
            "outcome",
        )

    def all(self) -> list[Counter | Histogram]:
        return list(vars(self).values())
