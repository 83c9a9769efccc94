"""Which hosts and path prefixes become rules, and which are refused with a sentence."""

import pytest

from engine.proxy.routes import Route, objection, rule


def route(host: str = "blog.example.com", path_prefix: str = "/") -> Route:
    return Route("d1", host, path_prefix)


def test_a_host_alone_takes_every_path() -> None:
    assert rule(route()) == "Host(`blog.example.com`) && PathPrefix(`/`)"


def test_a_prefix_takes_itself_and_what_is_below_it_but_not_its_longer_neighbours() -> None:
    expected = "Host(`blog.example.com`) && (Path(`/api`) || PathPrefix(`/api/`))"
    assert rule(route(path_prefix="/api")) == expected


@pytest.mark.parametrize("host", ["localhost", "a.b-c.example", "127.0.0.1", "xn--bcher-kva.example", "a" * 63])
def test_these_hosts_can_be_routed(host: str) -> None:
    assert objection(route(host=host)) is None


@pytest.mark.parametrize(
    "host",
    ["", "Blog.example.com", "a`) || Host(`b", 'a"b', "{{ env }}", "-a.example", "a..b", "a.", "a\n", "*", "a" * 64],
)
def test_these_hosts_cannot(host: str) -> None:
    assert objection(route(host=host)) == f"{host!r} is not a host name."


@pytest.mark.parametrize("prefix", ["/", "/api", "/api/v1.2", "/~me", "/a@b", "/.well-known/x"])
def test_these_prefixes_can_be_routed(prefix: str) -> None:
    assert objection(route(path_prefix=prefix)) is None


@pytest.mark.parametrize(
    "prefix", ["", "api", "/api/", "//", "/a//b", "/a`", "/a'", "/{{", "/a/..", "/./a", "/a%2Fb", "/a b", "/a\n"]
)
def test_these_prefixes_cannot(prefix: str) -> None:
    assert objection(route(path_prefix=prefix)) == f"{prefix!r} is not a path prefix that can be routed."
