"""The document that Traefik serves from: its parts as literals, its shape for any input."""

import itertools
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.proxy.compiler import Compiled, compile_routes
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication, Serving, objection

KEY = "an-example-of-a-key"
BLOG = RoutedApplication(
    "blog",
    Serving("r7", ("blog-2:8000", "blog-1:8000")),
    (Route("d1", "blog.example.com"), Route("d2", "blog.example.com", "/api", strip_prefix=True)),
)
SHOP = RoutedApplication("shop", Holding(HoldingReason.FAILING), (Route("d3", "shop.example.com"),))


def compiled(*applications: RoutedApplication) -> Compiled:
    return compile_routes(applications, key=KEY)


def document(*applications: RoutedApplication) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(compiled(*applications).text)["http"]
    return parsed


def test_a_domain_leads_to_the_containers_of_its_application() -> None:
    http = document(BLOG)
    assert http["routers"]["domain-d1"] == {
        "entryPoints": ["web"],
        "priority": 3001,
        "rule": "Host(`blog.example.com`) && PathPrefix(`/`)",
        "service": "application-blog",
    }
    servers = [{"url": "http://blog-1:8000"}, {"url": "http://blog-2:8000"}]
    assert http["services"]["application-blog"] == {"loadBalancer": {"servers": servers}}


def test_a_stripped_prefix_wins_over_the_bare_host_and_is_taken_away() -> None:
    http = document(BLOG)
    assert http["routers"]["domain-d2"] == {
        "entryPoints": ["web"],
        "middlewares": ["strip-d2"],
        "priority": 3004,
        "rule": "Host(`blog.example.com`) && (Path(`/api`) || PathPrefix(`/api/`))",
        "service": "application-blog",
    }
    assert http["middlewares"]["strip-d2"] == {"stripPrefix": {"prefixes": ["/api"]}}


def test_a_domain_of_an_application_that_does_not_serve_shows_the_page() -> None:
    http = document(SHOP)
    assert http["routers"]["domain-d3"] == {
        "entryPoints": ["web"],
        "middlewares": ["holding-failing"],
        "priority": 3001,
        "rule": "Host(`shop.example.com`) && PathPrefix(`/`)",
        "service": "noop@internal",
    }
    page = http["middlewares"]["holding-failing"]["plugin"]["wharf"]["page"]
    assert (page["status"], page["html"].startswith("<!doctype html>")) == (503, True)


def test_an_application_that_serves_can_be_probed_with_our_key_and_shows_it_to_nobody() -> None:
    http = document(RoutedApplication("worker", Serving("r1", ("worker-1:80",))))
    assert http["routers"]["probe-worker"] == {
        "entryPoints": ["internal"],
        "middlewares": ["probe-worker"],
        "rule": f"Header(`X-Wharf-Key`, `{KEY}`) && Header(`X-Wharf-Probe`, `worker`)",
        "service": "application-worker",
    }
    assert http["middlewares"]["probe-worker"] == {
        "headers": {
            "customRequestHeaders": {"X-Wharf-Key": "", "X-Wharf-Probe": ""},
            "customResponseHeaders": {"X-Wharf-Release": "r1"},
        }
    }


def test_only_probes_tell_the_release() -> None:
    routers = document(BLOG, SHOP)["routers"]
    public = [router for router in routers.values() if router["entryPoints"] != ["internal"]]
    assert not any("probe" in name for router in public for name in router.get("middlewares", ()))


def test_every_internal_router_asks_for_the_key() -> None:
    internal = [each for each in document(BLOG, SHOP)["routers"].values() if each["entryPoints"] == ["internal"]]
    assert len(internal) == 3
    assert all(f"Header(`X-Wharf-Key`, `{KEY}`) && " in router["rule"] for router in internal)


def test_a_bad_route_is_left_out_and_named_and_its_neighbours_stay() -> None:
    bad = RoutedApplication(
        "a", Serving("r1", ("a-1:80",)), (Route("bad", "x`) || Host(`y"), Route("good", "a.example"))
    )
    result = compiled(bad)
    assert result.rejected == {"bad": "'x`) || Host(`y' is not a host name."}
    assert {"domain-good", "probe-a"} < document(bad)["routers"].keys()
    assert "domain-bad" not in document(bad)["routers"]


@pytest.mark.parametrize("servers", [(), ("a:0",), ("a b:80",), ("a-1:80", "http://evil:80")])
def test_servers_that_cannot_be_used_take_out_their_application_alone(servers: tuple[str, ...]) -> None:
    broken = RoutedApplication("a", Serving("r1", servers), (Route("d9", "a.example"),))
    assert list(compiled(broken, BLOG).rejected) == ["d9"]
    assert document(broken, BLOG)["routers"].keys() == document(BLOG)["routers"].keys()


def test_the_same_applications_in_any_order_are_the_same_bytes() -> None:
    assert len({compiled(*order).text for order in itertools.permutations((BLOG, SHOP))}) == 1


def test_the_revision_is_marked_in_the_document_and_changes_with_it() -> None:
    result = compiled(BLOG)
    mark = document(BLOG)["routers"]["revision"]["rule"]
    assert mark == f"Header(`X-Wharf-Key`, `{KEY}`) && Path(`/revision/{result.revision}`)"
    assert result.revision != compiled(SHOP).revision


def test_without_applications_nothing_in_the_document_is_empty() -> None:
    assert set(document()) == {"routers", "middlewares"}
    assert set(document()["routers"]) == {*("api", "revision", "reach", "reach-secure", "unknown", "unknown-secure")}


@pytest.mark.parametrize("key", ["", "short", "with`backticks`in-it", "a" * 15])
def test_a_key_that_could_change_a_rule_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="The proxy's key"):
        compile_routes([], key=key)


texts = st.text(st.sampled_from("ab0-.*`'\"{}|()/ \\\n%é"), max_size=12) | st.just("a.example")
routes = st.builds(Route, st.just("d"), texts, st.just("/") | texts.map("/".__add__), st.booleans())


@given(routes, st.sampled_from([Serving("r", ("c:1",)), Holding(HoldingReason.STOPPED)]))
def test_whatever_is_typed_only_adds_the_router_it_stands_for(route: Route, target: Serving | Holding) -> None:
    plain = document(RoutedApplication("a", target))["routers"]
    result = compiled(RoutedApplication("a", target, (route,)))
    routers = yaml.safe_load(result.text)["http"]["routers"]
    assert "{{" not in result.text
    assert empty_maps(yaml.safe_load(result.text)) == []
    refused = objection(route)
    assert result.rejected == ({"d": refused} if refused else {})
    assert routers.keys() - plain.keys() == (set() if refused else {"domain-d"})
    if not refused:
        assert routers["domain-d"]["rule"].startswith(f"Host(`{route.host}`) && ")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_no_text_becomes_a_go_template(text: str) -> None:
    result = compiled(RoutedApplication("a", Serving("{{" + text, ("c:1",))))
    assert "{{" not in result.text
    headers = yaml.safe_load(result.text)["http"]["middlewares"]["probe-a"]["headers"]
    assert headers["customResponseHeaders"] == {"X-Wharf-Release": "{{" + text}


def empty_maps(value: object, path: str = "") -> list[str]:
    if not isinstance(value, dict):
        return []
    return [path] * (not value) + [bad for name, each in value.items() for bad in empty_maps(each, f"{path}/{name}")]
