"""Which routers an application's domains become: the routers as literals, what they match, and who acts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.proxy.routers import (
    Hold,
    Matcher,
    Ports,
    Redirect,
    Router,
    Serve,
    chosen,
    domain_of,
    routers_of,
)
from engine.proxy.routes import Holding, HoldingReason, Maintenance, Route, RoutedApplication, Serving

PORTS = Ports()
SERVING = Serving("r1", ("shop-1:8000",))
TO_HTTPS = Redirect("https://*")


def route(**how: object) -> Route:
    return Route("d1", **{"host": "x.example", **how})  # type: ignore[arg-type]


def actions(given: Route, ports: Ports = PORTS, **application: object) -> dict[str, object]:
    """What is done with requests, by scheme and host."""
    routed = RoutedApplication("shop", **{"target": SERVING, "routes": (given,), **application})  # type: ignore[arg-type]
    schemes = {"web": "http://", "websecure": "https://"}
    return {schemes[each.entry_point] + each.matcher.host: each.action for each in routers_of(routed, ports)}


def test_an_http_domain_serves_over_plain_http_and_promises_nothing_else() -> None:
    assert actions(route()) == {"http://x.example": Serve("shop")}


def test_an_https_domain_serves_there_and_sends_plain_http_there() -> None:
    expected = {"http://x.example": TO_HTTPS, "https://x.example": Serve("shop")}
    assert actions(route(scheme=Scheme.HTTPS)) == expected


def test_an_https_domain_may_serve_over_both() -> None:
    expected = {"http://x.example": Serve("shop"), "https://x.example": Serve("shop")}
    assert actions(route(scheme=Scheme.HTTPS, https_only=False)) == expected


@pytest.mark.parametrize("https_only", [True, False])
def test_the_other_name_is_sent_to_the_one_given_in_one_hop_over_https(https_only: bool) -> None:
    found = actions(route(scheme=Scheme.HTTPS, www_mode=WwwMode.REDIRECT, https_only=https_only))
    assert found["http://www.x.example"] == found["https://www.x.example"] == Redirect("https://x.example")


def test_the_other_name_of_an_http_domain_is_sent_over_http() -> None:
    expected = {"http://x.example": Redirect("http://www.x.example"), "http://www.x.example": Serve("shop")}
    assert actions(route(host="www.x.example", www_mode=WwwMode.REDIRECT)) == expected


def test_where_both_names_serve_each_is_sent_to_its_own_https() -> None:
    assert actions(route(scheme=Scheme.HTTPS, www_mode=WwwMode.SERVE)) == {
        "http://x.example": TO_HTTPS,
        "https://x.example": Serve("shop"),
        "http://www.x.example": TO_HTTPS,
        "https://www.x.example": Serve("shop"),
    }


def test_redirects_name_ports_that_are_not_the_usual_ones() -> None:
    ports = Ports(8080, 8443)
    assert actions(route(scheme=Scheme.HTTPS), ports)["http://x.example"] == Redirect("https://*:8443")
    found = actions(route(www_mode=WwwMode.REDIRECT), ports)
    assert found["http://www.x.example"] == Redirect("http://x.example:8080")


def test_a_held_https_domain_is_held_there_and_still_redirects() -> None:
    held = actions(route(scheme=Scheme.HTTPS), target=Holding(HoldingReason.STOPPED))
    assert held == {"http://x.example": TO_HTTPS, "https://x.example": Hold(HoldingReason.STOPPED)}


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        (MaintenanceMode.PAGE, Hold(HoldingReason.MAINTENANCE)),
        (MaintenanceMode.HOLD, Hold(HoldingReason.MAINTENANCE, waits=True)),
        (MaintenanceMode.OFF, Serve("shop")),
    ],
)
def test_maintenance_takes_the_place_of_the_application(mode: MaintenanceMode, action: object) -> None:
    assert actions(route(), maintenance=Maintenance(mode)) == {"http://x.example": action}


def test_after_maintenance_what_was_held_is_let_go_but_not_by_redirects() -> None:
    ended = RoutedApplication("shop", SERVING, (route(scheme=Scheme.HTTPS),), Maintenance(MaintenanceMode.OFF))
    found = {each.name: each.releases for each in routers_of(ended, PORTS)}
    assert found == {"domain-d1": False, "domain-d1-secure": True}


def test_a_router_is_a_literal() -> None:
    (found,) = routers_of(RoutedApplication("shop", SERVING, (route(path_prefix="/api"),)), PORTS)
    assert found == Router("domain-d1", "web", Matcher("x.example", "/api"), 3004, Serve("shop"), "d1")


@pytest.mark.parametrize("suffix", ["", "-www", "-secure", "-www-secure", "-www@file"])
def test_routers_are_traced_back_to_domains(suffix: str) -> None:
    assert domain_of(f"domain-d1{suffix}") == "d1"


def test_routers_of_our_own_belong_to_no_domain() -> None:
    assert domain_of("probe-blog@file") is None


@pytest.mark.parametrize(
    ("location", "redirect"),
    [
        ("https://x.example/a/b%2F?c=d?e//", Redirect("https://*")),
        ("https://y.example:8443/a/b%2F?c=d?e//", Redirect("https://y.example:8443")),
    ],
)
def test_a_redirect_keeps_the_path_as_traefik_takes_it_and_the_query_as_it_is(
    location: str, redirect: Redirect
) -> None:
    assert redirect.location("X.example.", "/a//%2e/b%2f?c=d?e//") == location


@pytest.mark.parametrize(
    ("host", "path", "matches"),
    [
        ("x.example", "/api", True),
        ("X.Example.", "/api/", True),
        ("x.example", "/api/v1", True),
        ("x.example", "/a/../%61pi//v1", True),
        ("x.example", "/apix", False),
        ("x.example", "/api%2fv1", False),
        ("x.example", "/api/../other", False),
        ("www.x.example", "/api", False),
    ],
)
def test_a_matcher_means_a_host_and_a_part_of_its_paths(host: str, path: str, matches: bool) -> None:
    assert Matcher("x.example", "/api").matches(host, path) is matches


@pytest.mark.parametrize(
    ("host", "matches"),
    [("a.x.example", True), ("x.example", False), ("b.a.x.example", False), (".x.example", False)],
)
def test_a_wildcard_means_one_label(host: str, matches: bool) -> None:
    assert Matcher("*.x.example").matches(host, "/") is matches


hosts = st.sampled_from(["*.example", "x.example", "www.x.example", "*.x.example", "y.example"])
prefixes = st.lists(st.sampled_from(["a", "bb", "a" * 1023]), max_size=2).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(st.tuples(hosts, prefixes), min_size=1, max_size=6, unique=True), hosts, prefixes)
def test_the_most_specific_acts_and_no_two_are_equal(names: list[tuple[str, str]], asked: str, path: str) -> None:
    routes = tuple(Route(f"d{number}", host, prefix) for number, (host, prefix) in enumerate(names))
    routers = routers_of(RoutedApplication("shop", SERVING, routes), PORTS)
    found = chosen(routers, "web", asked.replace("*", "z"), path)
    assert len({each.priority for each in found}) == len(found)
    for better, worse in itertools.pairwise(found):
        specific = [
            (not each.matcher.host.startswith("*"), len(each.matcher.path_prefix)) for each in (better, worse)
        ]
        assert specific[0] > specific[1]
