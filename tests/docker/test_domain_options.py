"""What the real Traefik does with the options of domains, and with those who wait for the end of a maintenance."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.domains.options import DomainOptions, Hsts, NewUser, RateLimit, hashed
from engine.proxy.compiler import Compiled
from engine.proxy.delivery import Delivery
from engine.proxy.routes import Maintenance, Route, RoutedApplication
from engine.secrets import Secret
from tests.docker.installation import eventually
from tests.docker.raw import Heard, ask, connected, hang_up, heard
from tests.docker.routed import document, proxied, shop, shops
from tests.engine.proxy.rig import Rig

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

ANN = hashed(NewUser("ann", Secret("päss:word")))
IS_ANN = f"Authorization: Basic {base64.b64encode('ann:päss:word'.encode()).decode()}\r\n"
# Tells at any time what it has been sent so far, and says early that an answer will come.
LISTENER = """
import http.server
heard = []
class Listener(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        heard.extend(name.lower() for name in self.headers)
        self.send_response_only(103)
        self.end_headers()
        while size := int(self.rfile.readline(), 16):
            heard.append(self.rfile.read(size).decode())
            self.rfile.readline()
        self.rfile.readline()
        self.do_GET()
    def do_GET(self):
        said = " ".join(heard).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("", 8000), Listener)
print("listens", flush=True)
server.serve_forever()
"""
EVERYTHING = DomainOptions(
    allowed_networks=("127.0.0.0/8",),
    max_body_size=1000,
    request_headers={"X-Added": "{{ 1 }}", "Accept": ""},
    response_headers={"X-Shown": "a `b` ${c}", "Server": ""},
    compress=True,
    rate_limit=RateLimit(requests=1000, period=1, burst=1000),
    hsts=Hsts(max_age=60, include_subdomains=True),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with shops(tmp_path_factory.mktemp("proxy"), 2) as made:
        await made.start_backend(f"{made.network}-listener", "/usr/bin/python3", "-c", LISTENER)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def delivery(rig: Rig) -> Delivery:
    return await proxied(rig)


async def visit(rig: Rig, host: str, target: str = "/", *, tls: bool = False, **how: object) -> Heard:
    port = rig.settings.https_port if tls else rig.settings.http_port
    return await ask(port, host, target, tls=tls, **how)  # type: ignore[arg-type]


async def test_who_may_come_in_is_asked_first_and_redirects_ask_nobody(rig: Rig, delivery: Delivery) -> None:
    routes = (
        Route("d1", "a.test", scheme=Scheme.HTTPS, www_mode=WwwMode.REDIRECT, options=EVERYTHING, basic_auth=(ANN,)),
        Route("d2", "b.test", options=DomainOptions(allowed_networks=("203.0.113.0/24",)), basic_auth=(ANN,)),
    )
    assert await delivery.deliver(document(rig, shop(rig, *routes))) == {}
    hsts = "max-age=60; includeSubDomains"
    stranger = await visit(rig, "a.test", tls=True)
    assert (stranger.status, stranger.headers["strict-transport-security"]) == (401, hsts)
    assert "x-shown" not in stranger.headers
    wrong = await visit(rig, "a.test", tls=True, lines=IS_ANN.replace("Basic ", "Basic A"))
    ann = await visit(rig, "a.test", tls=True, lines=IS_ANN)
    assert (wrong.status, ann.status) == (401, 200)
    assert (ann.headers["strict-transport-security"], ann.headers["x-shown"]) == (hsts, "a `b` ${c}")
    plain = await visit(rig, "www.a.test")
    secure = await visit(rig, "www.a.test", tls=True)
    assert (plain.status, plain.headers.keys() & {"strict-transport-security", "x-shown"}) == (308, set())
    assert (secure.status, secure.headers["strict-transport-security"]) == (308, hsts)
    assert (await visit(rig, "b.test", lines=IS_ANN)).status == 403


async def test_what_is_sent_and_shown_is_changed_and_uploads_arrive_while_they_are_sent(
    rig: Rig, delivery: Delivery
) -> None:
    options = EVERYTHING.model_copy(update={"hsts": None})
    routes = (Route("d1", "a.test", options=options, basic_auth=(ANN,)), Route("d2", "b.test"))
    await delivery.deliver(document(rig, shop(rig, *routes, container="listener")))
    reader, writer = await connected(rig.settings.http_port, "a.test")
    head = f"POST / HTTP/1.1\r\nHost: a.test\r\n{IS_ANN}Accept: x\r\nConnection: close\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n".encode())

    async def arrived() -> bool:
        return "first" in (await visit(rig, "b.test")).body

    await eventually(arrived)
    writer.write(b"6\r\nsecond\r\n0\r\n\r\n")
    early, _, last = (await reader.read()).partition(b"\r\n\r\n")
    await hang_up(writer)
    assert early.startswith(b"HTTP/1.1 103 ")
    answer = heard(last)
    assert (answer.headers.get("server"), answer.headers["x-shown"]) == (None, "a `b` ${c}")
    sent = set(answer.body.split())
    assert {"x-added", "host", "x-forwarded-for", "first", "second"} <= sent
    assert not sent & {"accept", "authorization"}


async def test_a_body_that_is_too_large_is_413_whether_or_not_it_says_so(rig: Rig, delivery: Delivery) -> None:
    route = Route("d1", "a.test", options=DomainOptions(max_body_size=1000))
    await delivery.deliver(document(rig, shop(rig, route)))

    async def post(length: int, *, chunked: bool) -> int:
        body = b"x" * length
        lines = "Transfer-Encoding: chunked\r\n" if chunked else f"Content-Length: {length}\r\n"
        content = b"%x\r\n%s\r\n0\r\n\r\n" % (length, body) if chunked else body
        return (await visit(rig, "a.test", "/echo", method="POST", lines=lines, body=content)).status

    for chunked in (False, True):
        assert [await post(length, chunked=chunked) for length in (1000, 1001, 20_000_000)] == [200, 413, 413]
    announced = await visit(rig, "a.test", "/echo", method="POST", lines="Content-Length: 1001\r\n")
    assert announced.status == 413  # before any of it was sent


async def test_events_arrive_while_they_happen_and_websockets_speak(rig: Rig, delivery: Delivery) -> None:
    options = EVERYTHING.model_copy(update={"hsts": None})
    await delivery.deliver(document(rig, shop(rig, Route("d1", "a.test", options=options))))
    url = f"http://127.0.0.1:{rig.settings.http_port}"
    headers = {"Host": "a.test", "Accept-Encoding": "gzip"}
    async with asyncio.timeout(20):
        async with rig.visitor.get(f"{url}/events", headers=headers) as answer:
            assert await answer.content.readline()  # the stream never ends by itself
        async with rig.visitor.ws_connect(f"{url}/ws", headers=headers) as socket:
            await socket.send_str("hello")
            assert (await socket.receive_str()) == "hello"


async def test_answers_are_compressed_and_too_many_questions_refused(rig: Rig, delivery: Delivery) -> None:
    limit = RateLimit(requests=1, period=3600, burst=2)
    routes = (
        Route("d1", "a.test", options=DomainOptions(compress=True)),
        Route("d2", "b.test", options=DomainOptions(rate_limit=limit)),
    )
    await delivery.deliver(document(rig, shop(rig, *routes)))
    lines = "Accept-Encoding: gzip\r\nContent-Length: 9000\r\n"
    packed = await visit(rig, "a.test", "/echo", method="POST", lines=lines, body=b"x" * 9000)
    assert packed.headers["content-encoding"] == "gzip"
    assert [(await visit(rig, "b.test")).status for _ in range(3)] == [200, 200, 429]
    assert (await visit(rig, "a.test")).status == 200


def held(rig: Rig, mode: MaintenanceMode, container: str = "1") -> RoutedApplication:
    application = shop(rig, Route("d1", "a.test", "/shop", strip_prefix=True), container=container)
    return replace(application, maintenance=Maintenance(mode, "<b>Moving</b>"))


def impatient(document: Compiled, seconds: int = 30, most: int = 500) -> Compiled:
    text = document.text.replace('"seconds": 30', f'"seconds": {seconds}')
    return replace(document, text=text.replace('"mostWaiting": 500', f'"mostWaiting": {most}'))


async def test_who_waits_goes_on_to_the_release_that_is_there_then(rig: Rig, delivery: Delivery) -> None:
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.HOLD)))
    waiting = [asyncio.create_task(visit(rig, "a.test", "/shop/", lines="Accept: x\r\n")) for _ in range(20)]
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.HOLD, "2")))
    waiting += [asyncio.create_task(visit(rig, "a.test", "/shop/")) for _ in range(20)]
    done, _ = await asyncio.wait(waiting, timeout=0.5)
    assert done == set()
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.OFF, "2")))
    answers = await asyncio.gather(*waiting, visit(rig, "a.test", "/shop/"))
    assert {(each.status, each.headers["x-version"]) for each in answers} == {(200, f"{rig.network}-2")}
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.HOLD, "1")))
    again = asyncio.create_task(visit(rig, "a.test", "/shop/"))
    assert await asyncio.wait([again], timeout=0.3) == (set(), {again})
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.OFF, "1")))
    assert (await again).headers["x-version"] == f"{rig.network}-1"


async def test_who_waits_too_long_gets_the_page(rig: Rig, delivery: Delivery) -> None:
    await delivery.deliver(impatient(document(rig, held(rig, MaintenanceMode.HOLD)), seconds=1))
    page = await visit(rig, "a.test", "/shop")
    assert (page.status, page.headers["retry-after"]) == (503, "5")
    assert "<p>&lt;b&gt;Moving&lt;/b&gt;</p>" in page.body
    told = await visit(rig, "a.test", "/shop", lines="Accept: application/json\r\n")
    assert told.body == '{"message":"\\u003cb\\u003eMoving\\u003c/b\\u003e","status":503}'
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.PAGE)))
    assert (await visit(rig, "a.test", "/shop")).headers["retry-after"] == "60"


async def test_only_so_many_wait_and_who_leaves_makes_room(rig: Rig, delivery: Delivery) -> None:
    await delivery.deliver(impatient(document(rig, held(rig, MaintenanceMode.HOLD)), most=3))
    asked = b"GET /shop HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"

    async def until_full() -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Three who wait, as soon as a fourth would not."""
        waiting: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        async with asyncio.timeout(10):
            while len(waiting) < 3:
                reader, writer = await connected(rig.settings.http_port, "a.test")
                writer.write(asked)
                answered = asyncio.create_task(reader.read(1))
                if (await asyncio.wait([answered], timeout=0.2))[0]:
                    await hang_up(writer)
                else:
                    waiting.append((reader, writer))
                answered.cancel()
                await asyncio.wait([answered])
        assert (await visit(rig, "a.test", "/shop")).status == 503
        return waiting

    for _, writer in await until_full():
        await hang_up(writer)
    waiting = await until_full()
    await delivery.deliver(document(rig, held(rig, MaintenanceMode.OFF)))
    for reader, writer in waiting:
        assert heard(await reader.read()).status == 200
        await hang_up(writer)
