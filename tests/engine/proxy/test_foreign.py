"""The document for a Traefik that is not ours: what it cannot load is not in it."""

from dataclasses import replace
from typing import Any

import orjson

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.domains.options import DomainOptions, NewUser, RateLimit, hashed
from engine.proxy.foreign import foreign_document
from engine.proxy.routes import Holding, HoldingReason, Maintenance, Route, RoutedApplication, Serving
from engine.secrets import Secret

SERVING = Serving("r1", ("web-1:8000", "web-2:8000"))
ROUTE = Route("d1", "shop.test")
SHOP = RoutedApplication("a1", SERVING, (ROUTE,))
ANN = hashed(NewUser("ann", Secret("plum")))
TLS = {"options": "default"}


def document(*applications: RoutedApplication) -> dict[str, Any]:
    return dict(orjson.loads(foreign_document(applications)).get("http", {}))


def test_an_application_that_serves_has_a_router_and_a_service() -> None:
    assert document(SHOP) == {
        "routers": {
            "domain-d1": {
                "rule": "Host(`shop.test`) && PathPrefix(`/`)",
                "entryPoints": ["web"],
                "priority": 3001,
                "service": "application-a1",
            }
        },
        "services": {
            "application-a1": {
                "loadBalancer": {"servers": [{"url": "http://web-1:8000"}, {"url": "http://web-2:8000"}]}
            }
        },
    }


def test_what_does_not_serve_leads_to_a_service_without_servers() -> None:
    stopped = replace(SHOP, target=Holding(HoldingReason.STOPPED))
    closed = replace(SHOP, maintenance=Maintenance(MaintenanceMode.HOLD, "back soon"))
    for held in (document(stopped), document(closed)):
        assert held["routers"]["domain-d1"]["service"] == "held"
        assert held["services"] == {"held": {"loadBalancer": {"servers": []}}}
        assert "middlewares" not in held


def test_redirects_are_those_of_every_traefik_on_the_usual_ports() -> None:
    route = replace(ROUTE, scheme=Scheme.HTTPS, www_mode=WwwMode.REDIRECT)
    found = document(replace(SHOP, routes=(route,)))
    by_name = {
        name: (each["service"], each.get("middlewares"), each.get("tls")) for name, each in found["routers"].items()
    }
    assert by_name == {
        "domain-d1": ("noop@internal", ["redirect-to-https"], None),
        "domain-d1-secure": ("application-a1", None, TLS),
        "domain-d1-www": ("noop@internal", ["redirect-d1"], None),
        "domain-d1-www-secure": ("noop@internal", ["redirect-d1"], TLS),
    }
    where = {name: each["redirectRegex"]["replacement"] for name, each in found["middlewares"].items()}
    assert where == {"redirect-to-https": "https://${1}${2}", "redirect-d1": "https://shop.test${2}"}


def test_options_are_those_of_every_traefik() -> None:
    options = DomainOptions(
        allowed_networks=("203.0.113.0/24",),
        max_body_size=1000,
        compress=True,
        rate_limit=RateLimit(requests=1, period=1, burst=1),
    )
    route = replace(ROUTE, options=options, basic_auth=(ANN,), path_prefix="/api", strip_prefix=True)
    found = document(replace(SHOP, routes=(route,)))["middlewares"]
    assert {kind for each in found.values() for kind in each} == {
        *("ipAllowList", "rateLimit", "basicAuth", "buffering", "compress", "stripPrefix"),
    }
    assert found["networks-d1"]["ipAllowList"] == {"sourceRange": ["203.0.113.0/24"]}
    assert found["body-d1"] == {"buffering": {"maxRequestBodyBytes": 1000}}


def test_nothing_of_ours_is_in_it_and_what_is_bad_is_left_out() -> None:
    bad = RoutedApplication("a2", SERVING, (Route("d2", "not a host"),))
    broken = RoutedApplication("a3", Serving("r3", ("`:1",)), (Route("d3", "other.test"),))
    text = foreign_document([bad, SHOP, broken])
    assert text == foreign_document([broken, SHOP, bad])
    assert list(orjson.loads(text)["http"]["routers"]) == ["domain-d1"]
    for ours in ("internal`", "X-Wharf", "probe", "plugin", "certResolver", "PRIVATE KEY", "revision", "unknown"):
        assert ours not in text


def test_without_routes_nothing_in_the_document_is_empty() -> None:
    assert orjson.loads(foreign_document([])) == {}
    assert orjson.loads(foreign_document([replace(SHOP, routes=())])) == {}
