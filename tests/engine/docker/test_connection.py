"""Engines that hang, break off, vanish and come back; streams that nobody reads to their end."""

import asyncio
import gc
import json
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from aiohttp import web

from engine.docker.connection import Request
from engine.docker.gateway import DockerGateway
from engine.docker.values import LogLine
from engine.errors import (
    DockerFailure,
    DockerTimeout,
    DockerUnreachable,
)
from tests.engine.docker.conftest import FakeDaemon, json_line, parameters

LINE = b"2026-01-02T03:04:05.000000000Z hello\n"
FRAME = struct.pack(">BxxxL", 1, len(LINE)) + LINE
EVENT = {"Type": "container", "Action": "die", "Actor": {"ID": "abc", "Attributes": {"wharf": "1"}}, "timeNano": 7}
INFO = {"SystemTime": "2026-01-02T03:04:05.123456789Z"}


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


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("unix:///nowhere/docker.sock", r"answer at unix:///nowhere/docker\.sock: No such file or directory\.$"),
        ("tcp://127.0.0.1:1", r"answer at tcp://127\.0\.0\.1:1: Connection refused\.$"),
        ("nonsense", "say its version"),
        ("ftp://h", "say its version"),
    ],
)
async def test_an_address_where_no_docker_is_makes_each_call_fail(host: str, words: str) -> None:
    gateway = DockerGateway(host)
    for _ in range(2):
        with pytest.raises(DockerUnreachable, match=words):
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


@pytest.mark.parametrize("removed", [False, True])
async def test_a_followed_log_ends_with_the_last_line_even_where_docker_forgets_it(
    chatty: FakeDaemon, gateway: DockerGateway, removed: bool
) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        if request.query["follow"] == "1":
            return web.Response(body=FRAME + FRAME)
        assert request.query["since"] == "1767323045.000000"
        return web.Response(body=FRAME * 3) if not removed else web.json_response({"message": "gone"}, status=404)

    chatty.answers["/containers/blog/logs"] = serve
    lines = [line async for line in gateway.logs("blog", follow=True, tail=None, since=None)]
    assert len(lines) == (2 if removed else 3)


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
    others = {**EVENT, "Actor": {"ID": "def", "Attributes": {"wharf": "2"}}}
    daemon.answers["/events"] = daemon.broken_stream(json_line(others), json_line(EVENT))
    async with gateway.events({"wharf": "1"}, 5_000_000_007) as events:
        event = await anext(events)
        assert (event.kind, event.action, event.id, event.at_ns) == ("container", "die", "abc", 7)
        with pytest.raises(DockerUnreachable):
            await anext(events)
    assert parameters(daemon)["since"] == "5.000000007"
    assert json.loads(parameters(daemon)["filters"]) == {"type": ["container", "network"]}


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


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "_ping", "GET _ping"),
        ("POST", "build", "POST build"),
        ("GET", "containers/json", "GET containers/json"),
        ("POST", "containers/create", "POST containers/create"),
        ("POST", "containers/wharf-web-1/start", "POST containers/*/start"),
        ("GET", "containers/0123/archive", "GET containers/*/archive"),
        ("DELETE", "containers/wharf-web-1", "DELETE containers/*"),
        ("GET", "images/registry.example.com/a/b:1/json", "GET images/*/json"),
        ("POST", "networks/wharf-x/connect", "POST networks/*/connect"),
        ("POST", "exec/0123/start", "POST exec/*/start"),
        ("POST", "containers/a/something-new", "POST containers/*/*"),
    ],
)
def test_what_kind_of_call_a_request_is_has_no_names_in_it(method: str, path: str, operation: str) -> None:
    assert Request("try", method, path).operation == operation
