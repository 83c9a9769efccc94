"""Which hosts and path prefixes can be routed, and which are refused with a sentence."""

import pytest

from engine.proxy.routes import Route, objection


def route(host: str = "blog.example.com", path_prefix: str = "/") -> Route:
    return Route("d1", host, path_prefix)


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
