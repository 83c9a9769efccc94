"""What the real Traefik does with what it is told: routes, pages, probes, and nothing lost in between."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ProxyFailure
from engine.proxy import delivery as delivery_module
from engine.proxy.container import HttpProxy
from engine.proxy.delivery import Delivery
from engine.proxy.internal import every_little_while
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication, Serving
from engine.proxy.spec import INTERNAL_PORT
from tests.engine.proxy.rig import KEY, Rig, document, rigged

pytestmark = pytest.mark.docker
by_both_carriers = pytest.mark.parametrize("carrier", ["directory", "archive"])

SHOW_HEADERS = """
import http.server
class Shown(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(sorted(name.lower() for name in self.headers), flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("", 8000), Shown)
print("listens", flush=True)
server.serve_forever()
"""
KNOCK = """
import socket, sys
for address in sys.argv[2:]:
    try:
        socket.create_connection((address, int(sys.argv[1])), timeout=1)
        print("open", flush=True)
    except OSError as error:
        print("closed", flush=True)
"""


@pytest.fixture
def carrier() -> str:
    """What brings documents to the proxy; a test that is about both is parametrized with them."""
    return "directory"


@pytest.fixture
async def rig(tmp_path: Path, carrier: str) -> AsyncIterator[Rig]:
    async with rigged(tmp_path / "proxy" if carrier == "directory" else None) as made:
        yield made


@pytest.fixture
async def proxy(rig: Rig) -> HttpProxy:
    await rig.make_network()
    proxy, _ = rig.new_proxy()
    await proxy.ensure(document(), {rig.network})
    return proxy


@pytest.fixture
def delivery(proxy: HttpProxy) -> Delivery:
    return Delivery(proxy)


def blog(container: str, release: str = "r1", **route: object) -> RoutedApplication:
    routes = (Route("d1", "blog.test", **route),)  # type: ignore[arg-type]
    return RoutedApplication("blog", Serving(release, (f"{container}:8000",)), routes)


async def test_a_domain_reaches_its_container(rig: Rig, delivery: Delivery) -> None:
    await rig.start_backend(f"{rig.network}-1")
    assert await delivery.deliver(document(blog(f"{rig.network}-1"))) == {}
    answer = await rig.visit("blog.test")
    assert answer.status == 200
    assert answer.headers["X-Version"] == f"{rig.network}-1"
    assert "X-Wharf-Release" not in answer.headers


async def test_a_prefix_is_taken_away_and_its_longer_neighbours_are_not_meant(rig: Rig, delivery: Delivery) -> None:
    await rig.start_backend(f"{rig.network}-1")
    await delivery.deliver(document(blog(f"{rig.network}-1", path_prefix="/api", strip_prefix=True)))
    statuses = {path: (await rig.visit("blog.test", path)).status for path in ("/api", "/api/health", "/apix", "/")}
    assert statuses == {"/api": 200, "/api/health": 200, "/apix": 404, "/": 404}


@pytest.mark.parametrize("reason", HoldingReason)
async def test_an_application_that_does_not_serve_shows_its_page(
    rig: Rig, delivery: Delivery, reason: HoldingReason
) -> None:
    await delivery.deliver(document(RoutedApplication("a", Holding(reason), (Route("d", "a.test"),))))
    answer = await rig.visit("a.test", "/any/path")
    assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
    assert answer.text.startswith("<!doctype html>")
    later = {HoldingReason.DEPLOYING: "2", HoldingReason.MAINTENANCE: "60"}
    assert answer.headers.get("Retry-After") == later.get(reason)


async def test_a_host_that_nobody_claimed_gets_the_404_page_on_both_ports(rig: Rig, delivery: Delivery) -> None:
    answer = await rig.visit("nobody.test")
    assert (answer.status, answer.text[:15]) == (404, "<!doctype html>")
    url = f"https://127.0.0.1:{rig.settings.https_port}/"
    async with rig.visitor.get(url, headers={"Host": "nobody.test"}, ssl=False) as secure:
        assert (secure.status, await secure.text()) == (404, answer.text)


async def test_pages_answer_head_without_a_body_and_json_to_those_who_want_it(rig: Rig, delivery: Delivery) -> None:
    head = await rig.visit("nobody.test", method="HEAD")
    assert (head.status, head.text, int(head.headers["Content-Length"]) > 300) == (404, "", True)
    json = await rig.visit("nobody.test", headers={"Accept": "application/json"})
    assert (json.status, json.text) == (404, '{"message":"Nothing is here.","status":404}')
    browser = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9"}
    assert (await rig.visit("nobody.test", headers=browser)).text.startswith("<!doctype html>")


@by_both_carriers
async def test_twenty_swaps_under_load_give_no_wrong_answer(rig: Rig, delivery: Delivery) -> None:
    names = [f"{rig.network}-{version}" for version in "ab"]
    for name in names:
        await rig.start_backend(name)
    await delivery.deliver(document(blog(names[0])))
    async with rig.visitors("blog.test") as seen:
        for swap in range(1, 22):
            current = names[swap % 2]
            await delivery.deliver(document(blog(current, f"r{swap}")))
            assert (await rig.visit("blog.test")).headers["X-Version"] == current
    assert set(seen) == {f"200 {name}" for name in names}


async def test_a_container_left_by_the_route_drains_and_is_stopped_without_a_wrong_answer(
    rig: Rig, delivery: Delivery
) -> None:
    old, new = f"{rig.network}-old", f"{rig.network}-new"
    address = await rig.start_backend(old)
    await rig.start_backend(new)
    await delivery.deliver(document(blog(old)))
    async with rig.visitors("blog.test") as seen:
        slow = asyncio.create_task(rig.visit("blog.test", "/slow?seconds=2"))
        async for _ in every_little_while(5):
            if await delivery.open_connections({address}):
                break
        await delivery.deliver(document(blog(new)))
        assert await delivery.open_connections({address})
        async for _ in every_little_while(10):
            if await delivery.open_connections({address}) == 0:
                break
        assert slow.done()
        await rig.docker.stop_container(old, 5)
    assert (await slow).headers["X-Version"] == old
    assert set(seen) == {f"200 {old}", f"200 {new}"}


async def test_websockets_events_and_large_uploads_pass(rig: Rig, delivery: Delivery) -> None:
    await rig.start_backend(f"{rig.network}-1")
    await delivery.deliver(document(blog(f"{rig.network}-1")))
    base, headers = f"http://127.0.0.1:{rig.settings.http_port}", {"Host": "blog.test"}
    async with rig.visitor.ws_connect(f"{base}/ws", headers=headers) as websocket:
        await websocket.send_str("ahoy")
        assert await websocket.receive_str() == "ahoy"
    async with rig.visitor.get(f"{base}/events", headers=headers) as events:
        assert await events.content.readline() == b"id: 1\n"
    body = bytes(5 * 1024 * 1024)
    async with rig.visitor.post(f"{base}/echo", data=io.BytesIO(body), headers=headers) as upload:
        assert await upload.read() == body


async def test_a_probe_tells_which_release_the_route_leads_to(rig: Rig, delivery: Delivery) -> None:
    name = f"{rig.network}-1"
    await rig.start_backend(name, FAIL_HEALTH="1")
    await delivery.deliver(document(replace(blog(name, "r7"), routes=())))
    answer = await delivery.probe("blog", "/health?deep=1", host="blog.test")
    assert (answer.status, answer.release_id) == (503, "r7")
    assert (await delivery.probe("nobody")).release_id is None
    with pytest.raises(ProxyFailure, match=r"^No answer to /slow came through the proxy within 0\.2 s\.$"):
        await delivery.probe("blog", "/slow", seconds=0.2)


async def test_the_application_sees_neither_key_nor_question(rig: Rig, delivery: Delivery) -> None:
    name = f"{rig.network}-1"
    await rig.start_backend(name, "/usr/bin/python3", "-c", SHOW_HEADERS)
    await delivery.deliver(document(blog(name)))
    assert (await delivery.probe("blog")).status == 204
    async with aclosing(rig.docker.logs(name, follow=True, tail=None, since=None)) as lines:
        _, shown = [(await anext(lines)).text for _ in range(2)]
    assert "host" in shown
    assert "x-wharf" not in shown


async def test_the_internal_entry_point_is_closed_to_applications_and_mute_without_the_key(
    rig: Rig, proxy: HttpProxy, delivery: Delivery
) -> None:
    inside = (await rig.docker.inspect_container(proxy.name)).addresses
    knocker = f"{rig.network}-knocker"
    command = ("/usr/bin/python3", "-c", KNOCK, str(INTERNAL_PORT), *inside.values())
    await rig.start_backend(knocker, *command)
    await rig.docker.wait_container(knocker)
    assert [line.text for line in await rig.docker.log_tail(knocker, 9)] == ["closed", "closed"]
    url = f"http://{rig.settings.address}:{INTERNAL_PORT}/api/http/routers"
    for key, status in (("", 404), ("another-key-of-16-letters", 404), (KEY, 200)):
        async with rig.visitor.get(url, headers={"X-Wharf-Key": key}) as answer:
            assert answer.status == status
    asked_outside = await rig.visit("nobody.test", "/api/http/routers", headers={"X-Wharf-Key": KEY})
    assert asked_outside.status == 404


@by_both_carriers
async def test_what_is_loaded_already_is_not_sent_again(rig: Rig, proxy: HttpProxy, delivery: Delivery) -> None:
    await delivery.deliver(document(blog("nobody")))
    before = await proxy.internal.loaded()
    await delivery.deliver(document(blog("nobody")))
    await rig.new_proxy()[0].ensure(document())
    assert await proxy.internal.loaded() == before


async def test_a_route_that_traefik_refuses_is_reported_by_its_domain_and_the_others_stand(
    rig: Rig, delivery: Delivery
) -> None:
    shut = RoutedApplication("shop", Holding(HoldingReason.STOPPED), (Route("d2", "shop.test"),))
    good = document(blog("nobody"), shut)
    bad = replace(good, text=good.text.replace("Host(`blog.test`)", "Hoost(`blog.test`)"))
    rejected = await delivery.deliver(bad)
    assert list(rejected) == ["d1"]
    assert rejected["d1"].startswith("Traefik does not route it: error while parsing rule Hoost(`blog.test`)")
    assert (await rig.visit("shop.test")).status == 503


@by_both_carriers
async def test_a_document_that_traefik_refuses_changes_nothing_and_the_next_one_is_taken(
    rig: Rig, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = RoutedApplication("shop", Holding(HoldingReason.STOPPED), (Route("d2", "shop.test"),))
    await delivery.deliver(document(shut))
    monkeypatch.setattr(delivery_module, "loading_deadline", lambda document: 0.5)
    good = document(blog("nobody"), shut)
    with pytest.raises(ProxyFailure, match=r"did not load its new configuration: Traefik says '.*field not found"):
        await delivery.deliver(replace(good, text=good.text.replace('"service"', '"servise"')))
    assert (await rig.visit("shop.test")).status == 503
    monkeypatch.undo()
    assert await delivery.deliver(good) == {}


async def test_without_a_proxy_there_is_a_sentence(rig: Rig) -> None:
    _, delivery = rig.new_proxy(replace(rig.settings, network_subnet="127.0.0.0/29"))
    with pytest.raises(ProxyFailure, match="The proxy cannot be reached"):
        await delivery.probe("blog")
    with pytest.raises(ProxyFailure, match="The proxy has not been started yet"):
        await delivery.open_connections({"10.0.0.1"})
