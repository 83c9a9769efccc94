"""What the real Traefik does with the routers of domains: schemes, www, prefixes, wildcards, pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from db.models import Scheme, WwwMode
from engine.proxy.delivery import Delivery
from engine.proxy.routers import Redirect, chosen, routers_of
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication
from tests.docker.raw import Heard, ask
from tests.docker.routed import document, proxied, shop, shops
from tests.engine.proxy.rig import Rig

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

# As they are sent, and as an application would be asked for them without any redirect.
ODD_TARGETS = {
    "//evil.example": "/evil.example",
    "/%2F..": "/%2F..",
    "/%2f%2fevil.example": "/%2F%2Fevil.example",
    "/?a=b?c": "/?a=b?c",
    "/a?": "/a?",
    "/a?next=https://evil.example/%0d%0aX:y": "/a?next=https://evil.example/%0d%0aX:y",
    "/%C3%BC?%E2%82%AC=%20&&": "/%C3%BC?%E2%82%AC=%20&&",
    "/a;b=c,d/../e": "/e",
    "/\\evil.example": "/%5Cevil.example",
    "/%0d%0aX:%20y": "/%0D%0AX:%20y",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with shops(tmp_path_factory.mktemp("proxy")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def delivery(rig: Rig) -> Delivery:
    return await proxied(rig)


async def visit(rig: Rig, url: str, method: str = "GET") -> Heard:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    tls = scheme == "https"
    port = rig.settings.https_port if tls else rig.settings.http_port
    return await ask(port, host, f"/{path}", tls=tls, method=method)


async def meets(rig: Rig, url: str) -> str:
    """Where a visitor is sent, without the ports, or what they get."""
    answer = await visit(rig, url)
    ports = (f":{rig.settings.http_port}", f":{rig.settings.https_port}")
    if answer.status != 308:
        return str(answer.status)
    assert any(port in answer.location for port in ports)
    return answer.location.replace(ports[0], "").replace(ports[1], "")


async def test_schemes_and_names_are_as_the_domains_want_them(rig: Rig, delivery: Delivery) -> None:
    https, redirect, serve = Scheme.HTTPS, WwwMode.REDIRECT, WwwMode.SERVE
    routes = (
        Route("d1", "www.a.test", "/x", scheme=https, www_mode=redirect),
        Route("d2", "b.test", scheme=https, www_mode=serve),
        Route("d3", "c.test", scheme=https, https_only=False),
        Route("d4", "d.test", www_mode=redirect),
        Route("d5", "*.e.test", scheme=https),
        Route("d6", "f.e.test"),
    )
    assert await delivery.deliver(document(rig, shop(rig, *routes))) == {}
    found = {
        "http://a.test/x/y?z": "https://www.a.test/x/y?z",
        "https://a.test/x": "https://www.a.test/x",
        "http://www.a.test/x": "https://www.a.test/x",
        "https://www.a.test/x": "404",  # of the application: the domain is served
        "https://a.test/other": "404",
        "http://b.test/": "https://b.test/",
        "http://www.b.test/": "https://www.b.test/",
        "https://b.test/": "200",
        "https://www.b.test/": "200",
        "http://c.test/": "200",
        "https://c.test/": "200",
        "http://www.c.test/": "404",
        "http://d.test/": "200",
        "http://www.d.test/?q": "http://d.test/?q",
        "https://d.test/": "404",
        "https://www.d.test/": "404",
        "http://G.e.test./": "https://g.e.test/",
        "https://g.e.test/": "200",
        "http://f.e.test/": "200",
        "https://g.f.e.test/": "404",
    }
    assert {url: await meets(rig, url) for url in found} == found


async def test_redirects_are_308_for_every_method_and_odd_paths_go_through(rig: Rig, delivery: Delivery) -> None:
    route = Route("d1", "a.test", scheme=Scheme.HTTPS, www_mode=WwwMode.REDIRECT)
    application = shop(rig, route)
    await delivery.deliver(document(rig, application))
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
        answer = await visit(rig, "http://www.a.test/", method)
        assert (answer.status, answer.headers["content-length"]) == (308, "0")
    to = f"https://a.test:{rig.settings.https_port}"
    for target, expected in ODD_TARGETS.items():
        answer = await visit(rig, f"http://www.a.test{target}")
        assert "x" not in answer.headers
        assert (answer.status, answer.location) == (308, to + expected), target
        (router, *_) = chosen(routers_of(application, rig.settings.entrance.ports), "web", "www.a.test", target)
        assert isinstance(router.action, Redirect)
        assert router.action.location("www.a.test", target) == answer.location


async def test_a_host_that_is_no_name_is_sent_nowhere(rig: Rig, delivery: Delivery) -> None:
    await delivery.deliver(document(rig, shop(rig, Route("d1", "*.a.test", scheme=Scheme.HTTPS))))
    for host in ("evil.test@x.a.test", "evil.test:1@x.a.test", "x(.a.test", "x%0d.a.test", "[::1].a.test"):
        answer = await ask(rig.settings.http_port, host)
        assert (answer.status, answer.location) in ((400, ""), (404, "")), host


async def test_a_held_https_domain_shows_its_page_there_and_still_redirects(rig: Rig, delivery: Delivery) -> None:
    routes = (Route("d1", "a.test", scheme=Scheme.HTTPS),)
    await delivery.deliver(document(rig, RoutedApplication("shop", Holding(HoldingReason.STOPPED), routes)))
    assert await meets(rig, "http://a.test/x") == "https://a.test/x"
    page = await visit(rig, "https://a.test/x")
    assert (page.status, "stopped" in page.body) == (503, True)
