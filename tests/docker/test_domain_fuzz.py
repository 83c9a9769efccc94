"""Whatever is in the rows of domains: Traefik takes the document, the neighbours stay, and the bad ones are named.

What the API would refuse is tried, too: rows can be older than the rules of today.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.domains.names import names_of
from engine.domains.options import NewUser, hashed, read_options
from engine.proxy.compiler import compile_routes
from engine.proxy.delivery import Delivery
from engine.proxy.routers import EntryPoint, Hold, Redirect, Router, chosen, domain_of, routers_of
from engine.proxy.routes import Holding, HoldingReason, Maintenance, Route, RoutedApplication, Serving, objection
from engine.secrets import Secret
from tests.docker.raw import Heard, ask
from tests.docker.routed import proxied, shops
from tests.engine.proxy.rig import KEY, Rig

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

NEIGHBOUR = Route("neighbour", "neighbour.test")
GATES = {401, 403, 429}
ANN = hashed(NewUser("ann", Secret("secret")))

odd = st.text(st.sampled_from("aB0-_.*`'\"{}$()|&/ \\\n\t%é:;,~"), max_size=12)
labels = st.sampled_from(["a", "b", "www", "xn--bcher-kva", "0", "a-b"])
hosts = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "test"]))
wild = hosts.map("*.".__add__)
paths = st.lists(st.sampled_from(["a", "b.c", "~", "a;b", "$(x)", "{}", "a" * 200]), max_size=3)
prefixes = paths.map(lambda parts: "/" + "/".join(parts))
headers = st.dictionaries(
    st.sampled_from(["X-A", "Server", "accept", "Cookie", "X_b"]) | odd,
    st.sampled_from(["", "1", "{{ . }}", "`$a`", '"\\', "${x}", "a: b"]) | odd,
    max_size=3,
)
options: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "allowed_networks": st.lists(
            st.sampled_from(["127.0.0.0/8", "0.0.0.0/0", "203.0.113.0/24", "999.1.1.1/99", "x"])
        ),
        "max_body_size": st.sampled_from([0, 10, 2**53 - 1, -1, "x"]),
        "request_headers": headers,
        "response_headers": headers,
        "compress": st.booleans(),
        "rate_limit": st.builds(
            dict, requests=st.sampled_from([1, 10**6, -1]), period=st.sampled_from([1, 0.1]), burst=st.integers(-1, 2)
        ),
        "hsts": st.builds(dict, max_age=st.sampled_from([1, 10**8]), preload=st.booleans()),
        "unknown": st.just(1),
    },
)
routes = st.builds(
    Route,
    st.just("d"),
    hosts | wild | odd,
    prefixes | odd.map("/".__add__),
    st.booleans(),
    st.sampled_from(Scheme),
    st.sampled_from(WwwMode),
    st.booleans(),
    options.map(read_options),
    st.sampled_from([(), (), (ANN,), (ANN, "bob:plain"), ("a:b:c",)]),
)
maintenances = st.none() | st.builds(Maintenance, st.just(MaintenanceMode.PAGE), odd)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with shops(tmp_path_factory.mktemp("proxy")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def delivery(rig: Rig) -> Delivery:
    return await proxied(rig)


def distinct(found: list[Route]) -> tuple[Route, ...]:
    """With an id each, and no name twice, which the database sees to."""
    taken: set[tuple[str, str]] = set()
    kept = []
    for number, route in enumerate(found):
        named = Route(f"d{number}", *(getattr(route, name) for name in Route.__slots__[1:]))
        names = (
            [] if objection(named) else [(host, route.path_prefix) for host in names_of(route.host, route.www_mode)]
        )
        if taken.isdisjoint(names):
            taken.update(names)
            kept.append(named)
    return tuple(kept)


class Session:
    """One document on the proxy, and what its visitors meet."""

    def __init__(self, rig: Rig, delivery: Delivery, application: RoutedApplication) -> None:
        self.rig, self.delivery, self.application = rig, delivery, application
        self.entrance = rig.settings.entrance

    async def check(self) -> None:
        neighbour = RoutedApplication("n", Serving("r1", (f"{self.rig.network}-1:8000",)), (NEIGHBOUR,))
        document = compile_routes([self.application, neighbour], key=KEY, entrance=self.entrance)
        problems = await self.delivery.deliver(document)
        refused = {route.domain_id for route in self.application.routes if objection(route)}
        assert refused <= problems.keys() <= {route.domain_id for route in self.application.routes}
        assert await self.serves("neighbour.test")
        usable = tuple(route for route in self.application.routes if route.domain_id not in problems)
        fine = RoutedApplication("shop", self.application.target, usable, self.application.maintenance)
        routers = routers_of(fine, self.entrance.ports)
        for router in routers:
            assert domain_of(router.name) == router.domain_id
            await self.meets(routers, router)

    async def serves(self, host: str) -> bool:
        answer = await ask(self.rig.settings.http_port, host)
        return (answer.status, answer.headers.get("x-version")) == (200, f"{self.rig.network}-1")

    async def meets(self, routers: tuple[Router, ...], router: Router) -> None:
        """A visitor of what a router is for meets what the values say."""
        host, path = router.matcher.host.replace("*", "wild"), router.matcher.path_prefix
        answer = await self.ask(router.entry_point, host, path)
        action = chosen(routers, router.entry_point, host, path)[0].action
        if isinstance(action, Redirect):
            assert (answer.status, answer.location) == (308, action.location(host, path))
        elif answer.status not in GATES:
            shown = answer.headers.get("x-version", "")
            assert (answer.status == 503, bool(shown)) == (isinstance(action, Hold), not isinstance(action, Hold))

    async def ask(self, entry_point: EntryPoint, host: str, path: str) -> Heard:
        tls = entry_point == "websecure"
        port = self.rig.settings.https_port if tls else self.rig.settings.http_port
        return await ask(port, host, path, tls=tls)


async def try_out(
    rig: Rig, delivery: Delivery, found: list[Route], maintenance: Maintenance | None, serving: bool
) -> None:
    target = Serving("r1", (f"{rig.network}-1:8000",)) if serving else Holding(HoldingReason.STOPPED)
    await Session(rig, delivery, RoutedApplication("shop", target, distinct(found), maintenance)).check()


batches = given(st.lists(routes, max_size=6), maintenances, st.booleans())
quiet = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@batches
@settings(max_examples=40, deadline=None, suppress_health_check=quiet)
async def test_whatever_is_in_the_rows_only_its_own_domain_suffers(
    rig: Rig, delivery: Delivery, found: list[Route], maintenance: Maintenance | None, serving: bool
) -> None:
    await try_out(rig, delivery, found, maintenance, serving)


@pytest.mark.soak
@pytest.mark.timeout(900)
@batches
@settings(max_examples=1000, deadline=None, suppress_health_check=quiet)
async def test_whatever_is_in_very_many_rows_only_its_own_domain_suffers(
    rig: Rig, delivery: Delivery, found: list[Route], maintenance: Maintenance | None, serving: bool
) -> None:
    await try_out(rig, delivery, found, maintenance, serving)
