"""What is counted, in the text format of Prometheus."""

import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from db.errors import DatabaseUnusable
from engine.accounts.authority import INSTALLATION, Authority
from engine.census import Census
from engine.metrics import Counter, Histogram
from graph.http import GraphQLView, Rejected
from graph.negotiation import JSON
from graph.peers import peer
from graph.permissions import Action, Noun

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

    from engine.engine import Engine
    from graph.sockets import Sockets

Network = IPv4Network | IPv6Network
Values = Mapping[Any, float]  # by the labels

# Of whoever asks for somebody else, be it that we do not know the proxy in front of us.
_FORWARDED = ("forwarded", "x-forwarded-for", "via")


class MetricsView:
    """An ASGI application: `GET /metrics`.

    For whoever may read servers in the whole installation, not only because a team of theirs uses one; and without
    asking who it is for those who come straight from one of `networks`.
    """

    def __init__(
        self, view: GraphQLView, engine: "Engine", sockets: "Sockets", networks: Iterable[Network] = ()
    ) -> None:
        self._view = view
        self._engine = engine
        self._sockets = sockets
        self._networks = tuple(networks)
        self._registry: CollectorRegistry | None = None
        self._census: Census = {}
        self._build = version("wharfinger"), platform.python_version()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except Rejected as no:
            response = _refusal(no)
        except DatabaseUnusable as outage:
            response = _refusal(Rejected(503, str(outage), "DATABASE_UNUSABLE"))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise Rejected(405, "Use GET or HEAD.", Allow="GET, HEAD")
        if not self._comes_from_a_network(request):
            viewer = await self._view.viewer_of(request)
            if not _may_read(viewer.authority):
                raise Rejected(403, "You may not do this. It needs: read Server, of the installation.", "FORBIDDEN")
        try:
            self._census = await self._engine.census()
        except DatabaseUnusable:
            self._census = {}  # what is counted here is never of more use than now
        from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        text = generate_latest(self._registered())
        return Response(text, 200, {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    def _comes_from_a_network(self, request: Request) -> bool:
        if any(name in request.headers for name in _FORWARDED):
            return False
        address = peer(request.scope)
        return bool(address) and any(ip_address(address) in network for network in self._networks)

    def _registered(self) -> "CollectorRegistry":
        if self._registry is None:
            # Not before somebody asks: who never does saves the memory.
            from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

            self._registry = CollectorRegistry()
            self._registry.register(self)
            ProcessCollector(registry=self._registry)
            GCCollector(registry=self._registry)
        return self._registry

    def collect(self) -> Iterator["Metric"]:
        """Everything, as the library wants it."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        for each in self._engine.telemetry.metrics.all():
            yield _family(each)
        for name, help_, labels, values in self._gauges():
            gauge = GaugeMetricFamily(name, help_, labels=labels)
            for key, value in values.items():
                gauge.add_metric(key, value)
            yield gauge
        yield self._retries()

    def _gauges(self) -> Iterator[tuple[str, str, list[str], Values]]:
        view, engine, works = self._view, self._engine, self._engine.works
        yield "wharf_build_info", "What runs here.", ["version", "python"], {self._build: 1.0}
        connections = {(transport,): float(count) for transport, count in self._sockets.by_transport.items()}
        yield "wharf_connections", "Connections for live answers that are open.", ["transport"], connections
        subscribers = {(transport,): count for transport, count in view.operations.subscriptions.items()}
        yield "wharf_subscriptions", "Subscriptions that are open.", ["transport"], subscribers
        yield "wharf_broadcasts", "Subscriptions that run once for several.", [], _one(len(view.broadcasts))
        yield "wharf_broadcast_members", "Subscribers of those.", [], _one(view.broadcasts.members)
        yield "wharf_database_writes_waiting", "Writes under way or in the queue.", [], _one(engine.writes_waiting)
        yield "wharf_docker_connected", "Whether Docker answers.", [], _one(engine.host.observer.connected)
        busy = {(name,): work.busy for name, work in works.items()}
        yield "wharf_work_queue", "Things that are brought to what is wanted, or wait for it.", ["of"], busy
        failing = {(name,): work.failing for name, work in works.items()}
        yield "wharf_work_failing", "Things whose last attempt failed.", ["of"], failing
        for what, states in self._census.items():
            counts = {(state,): float(count) for state, count in states.items()}
            yield f"wharf_{what}", f"{what.replace('_', ' ').capitalize()} by their state.", ["state"], counts

    def _retries(self) -> "Metric":
        from prometheus_client.metrics_core import CounterMetricFamily

        family = CounterMetricFamily("wharf_work_retries", "Attempts that failed and are repeated.", labels=["of"])
        for name, work in self._engine.works.items():
            family.add_metric([name], work.retries)
        return family


def _family(of: Counter | Histogram) -> "Metric":
    from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

    if isinstance(of, Counter):
        counter = CounterMetricFamily(of.name, of.help, labels=of.labels)
        for labels, value in of.values.items():
            counter.add_metric(labels, value)
        return counter
    histogram = HistogramMetricFamily(of.name, of.help, labels=of.labels)
    bounds = [*map(str, of.bounds), "+Inf"]
    for labels, counts, total in of.rows():
        histogram.add_metric(labels, list(zip(bounds, counts, strict=True)), total)
    return histogram


def _may_read(authority: Authority) -> bool:
    """Whether servers may be read here by themselves, not for a team's sake: every member may read those."""
    own = INSTALLATION in authority.places(Action.READ, Noun.SERVER)
    return own and (authority.within is None or _may_read(authority.within))


def _one(value: float) -> Values:
    return {(): float(value)}


def _refusal(no: Rejected) -> Response:
    return Response(orjson.dumps(no.body), no.status, {"Cache-Control": "no-store", **no.headers}, JSON)
