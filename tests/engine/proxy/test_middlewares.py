"""What stands before an application: the middlewares of a router as literals, in their order."""

from typing import Any

import pytest

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.domains.options import DomainOptions, Hsts, NewUser, RateLimit, hashed
from engine.proxy.middlewares import Entrance, chain
from engine.proxy.routers import Ports, routers_of
from engine.proxy.routes import Holding, HoldingReason, Maintenance, Route, RoutedApplication, Serving
from engine.secrets import Secret

ANN = hashed(NewUser("ann", Secret("secret")))
OPTIONS = DomainOptions(
    allowed_networks=("203.0.113.0/24",),
    max_body_size=1024,
    request_headers={"X-A": "1"},
    response_headers={"Server": ""},
    compress=True,
    rate_limit=RateLimit(requests=10, period=60, burst=5),
    hsts=Hsts(max_age=60, preload=True),
)
ROUTE = Route(
    "d1",
    "x.example",
    "/api",
    strip_prefix=True,
    scheme=Scheme.HTTPS,
    www_mode=WwwMode.REDIRECT,
    options=OPTIONS,
    basic_auth=(ANN,),
)
SHOP = RoutedApplication("shop", Serving("r1", ("shop-1:8000",)), (ROUTE,))


def chains(application: RoutedApplication, entrance: Entrance | None = None) -> dict[str, dict[str, Any]]:
    """The middlewares of each router, by name, in their order."""
    entrance = entrance or Entrance()
    routers = routers_of(application, entrance.ports)
    return {router.name: dict(chain(router, application, ROUTE, entrance)) for router in routers}


def names(application: RoutedApplication) -> dict[str, list[str]]:
    return {router: list(middlewares) for router, middlewares in chains(application).items()}


def of_maintenance(mode: MaintenanceMode, message: str = "") -> RoutedApplication:
    return RoutedApplication("shop", SHOP.target, SHOP.routes, Maintenance(mode, message))


def test_options_come_in_their_order_and_redirects_have_hsts_alone() -> None:
    everything = ["hsts-d1", "networks-d1", "rate-d1", "users-d1", "body-d1", "headers-d1", "compress-d1", "strip-d1"]
    assert names(SHOP) == {
        "domain-d1": ["redirect-to-https"],
        "domain-d1-secure": everything,
        "domain-d1-www": ["redirect-d1"],
        "domain-d1-www-secure": ["hsts-d1", "redirect-d1"],
    }


def test_options_are_literals() -> None:
    found = chains(SHOP)["domain-d1-secure"]
    assert found == {
        "hsts-d1": {"headers": {"stsSeconds": 60, "stsIncludeSubdomains": False, "stsPreload": True}},
        "networks-d1": {"ipAllowList": {"sourceRange": ["203.0.113.0/24"]}},
        "rate-d1": {"rateLimit": {"average": 10, "period": "60s", "burst": 5}},
        "users-d1": {"basicAuth": {"realm": "Restricted", "removeHeader": True, "users": [ANN]}},
        "body-d1": {"plugin": {"wharf": {"body": {"mostBytes": 1024}}}},
        "headers-d1": {"headers": {"customRequestHeaders": {"X-A": "1"}, "customResponseHeaders": {"Server": ""}}},
        "compress-d1": {"compress": {"excludedContentTypes": ["text/event-stream", "application/grpc"]}},
        "strip-d1": {"stripPrefix": {"prefixes": ["/api"]}},
    }


def test_redirects_are_literals() -> None:
    found = chains(SHOP, Entrance(Ports(80, 8443)))
    assert found["domain-d1"]["redirect-to-https"] == {"plugin": {"wharf": {"redirect": {"to": "https://*:8443"}}}}
    to = {"plugin": {"wharf": {"redirect": {"to": "https://x.example:8443"}}}}
    assert found["domain-d1-www"]["redirect-d1"] == to


def test_who_may_come_in_is_asked_before_a_page_is_shown() -> None:
    stopped = RoutedApplication("shop", Holding(HoldingReason.STOPPED), (ROUTE,))
    expected = ["hsts-d1", "networks-d1", "rate-d1", "users-d1", "holding-stopped"]
    assert names(stopped)["domain-d1-secure"] == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (MaintenanceMode.PAGE, ["maintenance-shop"]),
        (MaintenanceMode.HOLD, ["wait-domain-d1-secure"]),
        (MaintenanceMode.OFF, ["wait-domain-d1-secure", "body-d1", "headers-d1", "compress-d1", "strip-d1"]),
    ],
)
def test_maintenance_stands_after_those_who_may_come_in(mode: MaintenanceMode, expected: list[str]) -> None:
    found = names(of_maintenance(mode))
    assert found["domain-d1-secure"][4:] == expected
    assert found["domain-d1"] == ["redirect-to-https"]


def test_a_page_shows_the_message_as_text() -> None:
    page = chains(of_maintenance(MaintenanceMode.PAGE, "<b>&\nyou"))["domain-d1-secure"]["maintenance-shop"]
    told = page["plugin"]["wharf"]["page"]
    assert (told["status"], told["retryAfter"], told["message"]) == (503, 60, "<b>&\nyou")
    assert "<p>&lt;b&gt;&amp;\nyou</p>" in told["html"]
    silent = chains(of_maintenance(MaintenanceMode.PAGE))["domain-d1-secure"]["maintenance-shop"]
    assert "back soon" in silent["plugin"]["wharf"]["page"]["html"]


def test_what_waits_is_let_go_by_a_middleware_of_the_same_name() -> None:
    waiting = chains(of_maintenance(MaintenanceMode.HOLD))["domain-d1-secure"]["wait-domain-d1-secure"]
    assert waiting["plugin"]["wharf"]["wait"].keys() == {"seconds", "mostWaiting", "page"}
    ended = chains(of_maintenance(MaintenanceMode.OFF))["domain-d1-secure"]["wait-domain-d1-secure"]
    assert ended == {"plugin": {"wharf": {"release": True}}}


def test_this_host_is_who_docker_lets_in_for_it() -> None:
    application = RoutedApplication("shop", SHOP.target, SHOP.routes)
    local = Route("d1", "x.example", options=DomainOptions(allowed_networks=("127.0.0.0/8",)))
    (router,) = routers_of(RoutedApplication("shop", SHOP.target, (local,)), Ports())
    found = dict(chain(router, application, local, Entrance(bind_address="127.0.0.1", gateway="10.0.0.1")))
    assert found["networks-d1"]["ipAllowList"]["sourceRange"] == ["10.0.0.1/32", "127.0.0.0/8"]
