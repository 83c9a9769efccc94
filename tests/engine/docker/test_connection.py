"""Engines that hang, break off, vanish and come back; streams that nobody reads to their end."""

import asyncio
import base64
import gc
import io
import json
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from aiohttp import web

from engine.docker import images
from engine.docker.gateway import DockerGateway
from engine.docker.values import LogLine, PullProgress, RegistryCredentials
from engine.errors import (
    DockerFailure,
    DockerTimeout,
    DockerUnreachable,
    ImageFailure,
    ImageNotFound,
    RegistryDenied,
    RegistryUnreachable,
)
from tests.engine.docker.conftest import FakeDaemon, parameters, refusal

LINE = b"2026-01-02T03:04:05.000000000Z hello\n"
FRAME = struct.pack(">BxxxL", 1, len(LINE)) + LINE
EVENT = {"Type": "container", "Action": "die", "Actor": {"ID": "abc", "Attributes": {"name": "blog"}}, "timeNano": 7}
INFO = {"SystemTime": "2026-01-02T03:04:05.123456789Z"}


def json_line(message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"


@pytest.fixture
def chatty(daemon: FakeDaemon) -> FakeDaemon:
    """A daemon with one container, "blog", whose log never ends."""
    daemon.answers["/containers/blog/json"] = {"Config": {"Tty": False}}
    daemon.answers["/containers/blog/logs"] = daemon.stream(FRAME)
    return daemon


async def test_a_daemon_that_hangs_is_a_timeout(daemon: FakeDaemon) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    daemon.answers["/containers/json"] = hang
    gateway = DockerGateway(daemon.host, deadline=0.05)
    with pytest.raises(DockerTimeout, match="list containers"):
        await gateway.list_containers({})
    await gateway.close()


async def test_a_daemon_that_hangs_in_the_middle_of_an_answer_is_a_timeout(daemon: FakeDaemon) -> None:
    daemon.answers["/containers/json"] = daemon.stream(b"[")
    gateway = DockerGateway(daemon.host, deadline=0.05)
    with pytest.raises(DockerTimeout):
        await gateway.list_containers({})
    await daemon.until_streaming(0)
    await gateway.close()


async def test_calls_fail_while_the_daemon_is_gone_and_succeed_when_it_is_back(
    daemon: FakeDaemon, gateway: DockerGateway
) -> None:
    await daemon.stop()
    for _ in range(2):
        with pytest.raises(DockerUnreachable):
            await gateway.ping()
    await daemon.start()
    assert (await gateway.ping()).api == "1.41"


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense", "ftp://h"])
async def test_an_address_where_no_docker_is_makes_each_call_fail(host: str) -> None:
    gateway = DockerGateway(host)
    for _ in range(2):
        with pytest.raises(DockerUnreachable, match="say its version"):
            await gateway.ping()
    await gateway.close()


async def test_no_address_and_no_socket_is_an_unreachable_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiodocker.docker._sock_search_paths", [])
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DockerUnreachable, match="No Docker engine was found"):
        await DockerGateway(None).ping()


async def test_a_server_that_is_not_docker_is_an_unreachable_docker(
    daemon: FakeDaemon, gateway: DockerGateway
) -> None:
    daemon.answers["/version"] = {"hello": "world"}
    with pytest.raises(DockerUnreachable):
        await gateway.list_containers({})


async def test_nothing_is_asked_after_closing(gateway: DockerGateway) -> None:
    await gateway.ping()
    await gateway.close()
    with pytest.raises(DockerUnreachable, match="closed"):
        await gateway.ping()


async def test_closing_ends_open_streams(chatty: FakeDaemon, gateway: DockerGateway) -> None:
    log = gateway.logs("blog", follow=True, tail=None, since=None)
    await anext(log)
    await gateway.close()
    with pytest.raises(DockerUnreachable):
        await anext(log)
    await chatty.until_streaming(0)


async def _abandon_by_closing(log: AsyncGenerator[LogLine, None]) -> None:
    async with aclosing(log):
        await anext(log)


async def _abandon_by_cancelling(log: AsyncGenerator[LogLine, None]) -> None:
    first = asyncio.Event()

    async def read() -> None:
        async for _ in log:
            first.set()

    task = asyncio.create_task(read())
    await first.wait()
    task.cancel()
    await asyncio.wait([task])


async def _abandon_by_forgetting(log: AsyncGenerator[LogLine, None]) -> None:
    await anext(log)


@pytest.mark.parametrize("abandon", [_abandon_by_closing, _abandon_by_cancelling, _abandon_by_forgetting])
async def test_abandoned_streams_leave_no_connection(
    chatty: FakeDaemon, gateway: DockerGateway, abandon: object
) -> None:
    assert callable(abandon)
    for _ in range(120):
        await abandon(gateway.logs("blog", follow=True, tail=None, since=None))
    gc.collect()
    await chatty.until_streaming(0)


async def test_more_than_a_hundred_streams_leave_room_for_calls(chatty: FakeDaemon, gateway: DockerGateway) -> None:
    logs = [gateway.logs("blog", follow=True, tail=None, since=None) for _ in range(120)]
    await asyncio.gather(*(anext(log) for log in logs))
    assert chatty.streaming == 120
    assert (await gateway.ping()).engine == "1.0"
    for log in logs:
        await log.aclose()
    await chatty.until_streaming(0)


async def test_a_cancelled_wait_frees_its_connection(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/containers/blog/wait"] = daemon.stream()
    task = asyncio.create_task(gateway.wait_container("blog"))
    await daemon.until_streaming(1)
    task.cancel()
    await asyncio.wait([task])
    await daemon.until_streaming(0)


async def test_a_wait_that_is_cut_off_is_not_an_exit(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/containers/blog/wait"] = daemon.broken_stream()
    with pytest.raises(DockerUnreachable):
        await gateway.wait_container("blog")


async def test_events_that_break_off_are_an_unreachable_docker(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/events"] = daemon.broken_stream(json_line(EVENT))
    async with gateway.events({"wharf": "1"}, 5_000_000_007) as events:
        event = await anext(events)
        assert (event.kind, event.action, event.id, event.at_ns) == ("container", "die", "abc", 7)
        with pytest.raises(DockerUnreachable):
            await anext(events)
    assert parameters(daemon)["since"] == "5.000000007"
    assert json.loads(parameters(daemon)["filters"]) == {"label": ["wharf=1"]}


async def test_events_that_end_are_an_unreachable_docker(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/events"] = EVENT
    async with gateway.events({}, 0) as events:
        with pytest.raises(DockerUnreachable, match="ended"):
            await anext(events)


async def test_events_start_where_the_engine_s_clock_stands(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/info"], daemon.answers["/events"] = INFO, daemon.stream()
    async with gateway.events({}, None):
        assert parameters(daemon)["since"] == "1767323045.123456000"
    await daemon.until_streaming(0)


async def test_an_error_of_the_reader_s_own_stays_its_own(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/events"] = daemon.stream()
    with pytest.raises(ConnectionResetError):
        async with gateway.events({}, 0):
            raise ConnectionResetError
    await daemon.until_streaming(0)


async def test_a_line_without_end_is_not_kept(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/events"] = daemon.stream(*[b"x" * 1_000_000] * 5)
    async with gateway.events({}, 0) as events:
        with pytest.raises(DockerFailure, match="without end"):
            await anext(events)


async def _pull(gateway: DockerGateway, credentials: RegistryCredentials | None = None) -> list[PullProgress]:
    return [line async for line in gateway.pull_image("h.example:5000/shop/blog:2", credentials)]


async def test_a_pull_tells_how_far_it_is(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    lines = (
        {"status": "Pulling from shop/blog", "id": "2"},
        {"status": "Downloading", "id": "layer", "progressDetail": {"current": 1, "total": 2}},
        {"status": "Status: Downloaded newer image"},
    )
    body = b"\r".join(json_line(line) for line in lines)

    async def serve(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    daemon.answers["/images/create"] = serve
    assert await _pull(gateway, RegistryCredentials("me", "pass/word?")) == [
        PullProgress("", "Pulling from shop/blog", None, None),
        PullProgress("layer", "Downloading", 1, 2),
        PullProgress("", "Status: Downloaded newer image", None, None),
    ]
    assert dict(parameters(daemon)) == {"fromImage": "h.example:5000/shop/blog", "tag": "2"}
    login = json.loads(base64.urlsafe_b64decode(daemon.seen[-1].headers["X-Registry-Auth"]))
    assert login == {"username": "me", "password": "pass/word?", "serveraddress": "h.example:5000"}


async def test_a_pull_that_fails_on_its_way_says_why(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    no = {"error": "no basic auth credentials", "errorDetail": {"message": "no basic auth credentials"}}
    daemon.answers["/images/create"] = daemon.stream(json_line({"status": "Pulling"}), json_line(no))
    with pytest.raises(RegistryDenied, match="blog:2: no basic auth credentials"):
        await _pull(gateway)
    await daemon.until_streaming(0)


async def test_a_pull_that_is_refused_says_why(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/images/create"] = refusal(404, "manifest for h/shop/blog:2 not found: manifest unknown")
    with pytest.raises(ImageNotFound):
        await _pull(gateway)


async def test_a_pull_that_stands_still_is_the_registry_s_fault(
    daemon: FakeDaemon, gateway: DockerGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "PULL_PAUSE", 0.05)
    daemon.answers["/images/create"] = daemon.stream(json_line({"status": "Pulling"}))
    with pytest.raises(RegistryUnreachable, match="no progress"):
        await _pull(gateway)
    await daemon.until_streaming(0)


async def test_a_pull_that_the_engine_drops_is_the_engine_s_fault(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    daemon.answers["/images/create"] = daemon.broken_stream(json_line({"status": "Pulling"}))
    with pytest.raises(DockerUnreachable):
        await _pull(gateway)


@pytest.mark.parametrize("size", [10, 3_000_000])
async def test_a_build_sends_its_context(daemon: FakeDaemon, gateway: DockerGateway, size: int) -> None:
    received: list[bytes] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        received.append(await request.read())
        return web.Response(body=json_line({"stream": "Successfully built"}), content_type="application/json")

    daemon.answers["/build"] = serve
    await gateway.build_image("wharf-test/built", b"x" * size)
    await gateway.build_image("wharf-test/built", io.BytesIO(b"y" * size))
    assert received == [b"x" * size, b"y" * size]


async def test_a_build_that_fails_or_hangs_says_so(daemon: FakeDaemon, gateway: DockerGateway) -> None:
    no = {"error": "COPY failed", "errorDetail": {"message": "COPY failed"}}
    daemon.answers["/build"] = daemon.stream(json_line({"stream": "Step 1"}), json_line(no))
    with pytest.raises(ImageFailure, match="build image wharf-test/built: COPY failed"):
        await gateway.build_image("wharf-test/built", b"tar")
    daemon.answers["/build"] = daemon.stream(json_line({"stream": "Step 1"}))
    with pytest.raises(DockerTimeout):
        await gateway.build_image("wharf-test/built", b"tar", deadline=0.05)
    await daemon.until_streaming(0)
