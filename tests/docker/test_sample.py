"""The sample application does what the top of demo/sample/server.py says: other tests build on it."""

import asyncio
import hashlib
import io
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiodocker
import aiohttp
import pytest
import websockets

pytestmark = pytest.mark.docker

ODD = 'a b"c\nü$HOME'


class Sample:
    def __init__(self, container: Any, http: aiohttp.ClientSession, port: str) -> None:
        self.container, self.http = container, http
        self.url = f"http://127.0.0.1:{port}"

    async def get(self, path: str, /, **params: str) -> tuple[int, str]:
        async with self.http.get(f"{self.url}{path}", params=params) as response:
            return response.status, await response.text()

    async def ready(self) -> None:
        async with asyncio.timeout(10):
            while True:
                try:
                    await self.get("/")
                    return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)

    async def end(self) -> dict[str, Any]:
        await self.container.wait(timeout=10)
        state: dict[str, Any] = (await self.container.show())["State"]
        return state

    async def lines(self, **streams: bool) -> list[str]:
        return [line.rstrip("\n") for line in await self.container.log(**streams)]


@asynccontextmanager
async def started(memory: int = 0, /, **variables: str) -> AsyncIterator[Sample]:
    config: dict[str, Any] = {
        "Image": "wharf-sample:1",
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "Labels": {"wharf.test": "sample"},
        "HostConfig": {
            "PortBindings": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
            "Tmpfs": {"/data": ""},
            "Memory": memory,
        },
    }
    connector = aiohttp.TCPConnector(limit=0)
    async with aiodocker.Docker() as docker, aiohttp.ClientSession(connector=connector) as http:
        container = await docker.containers.create(config)
        try:
            await container.start()
            ports = (await container.show())["NetworkSettings"]["Ports"].get("8000/tcp")
            yield Sample(container, http, ports[0]["HostPort"] if ports else "0")
        finally:
            await container.delete(force=True, v=True)


@asynccontextmanager
async def serving(**variables: str) -> AsyncIterator[Sample]:
    async with started(**variables) as sample:
        await sample.ready()
        yield sample


async def test_it_greets_and_keeps_the_connection() -> None:
    async with serving(FAIL_HEALTH="0") as sample, sample.http.get(sample.url) as response:
        host = (await sample.container.show())["Config"]["Hostname"]
        assert await response.text() == f"hello from 1 on {host}\n"
        assert response.headers["X-Version"] == "1"
        assert response.headers["Connection"] == "keep-alive"
        assert await sample.get("/health") == (200, "ok\n")
        assert (await sample.get("/nothing"))[0] == 404


async def test_it_fails_its_health_check() -> None:
    async with serving(FAIL_HEALTH="1", VERSION="mine") as sample:
        assert (await sample.get("/health"))[0] == 503
        assert (await sample.get("/"))[1].startswith("hello from mine on")


async def test_variables_come_out_byte_for_byte() -> None:
    async with serving(ODD=ODD, EMPTY="") as sample:
        assert await sample.get("/env", name="ODD") == (200, ODD)
        assert await sample.get("/env", name="EMPTY") == (200, "")
        assert (await sample.get("/env", name="UNSET"))[0] == 404


@pytest.mark.parametrize("chunked", [False, True])
async def test_it_echoes_large_bodies(chunked: bool) -> None:
    body = os.urandom(5_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:1000]
        yield body[1000:]

    async with serving() as sample:
        data = pieces() if chunked else io.BytesIO(body)
        async with sample.http.post(f"{sample.url}/echo", data=data) as response:
            assert await response.read() == body
            assert response.headers["X-Sha256"] == hashlib.sha256(body).hexdigest()


async def test_events_stream() -> None:
    async with serving() as sample, sample.http.get(f"{sample.url}/events") as response:
        assert response.content_type == "text/event-stream"
        for number in (1, 2, 3):
            assert await response.content.readuntil(b"\n\n") == f"id: {number}\ndata: {number} from 1\n\n".encode()


async def test_the_websocket_echoes() -> None:
    async with serving() as sample, websockets.connect(sample.url.replace("http", "ws") + "/ws") as ws:
        for text in ("ahoy", "", "ü" * 200, "x" * 100_000):
            await ws.send(text)
            assert await ws.recv() == text
        await ws.send(["in ", "three ", "pieces"])
        assert await ws.recv() == "in three pieces"
        await asyncio.wait_for(await ws.ping(b"here?"), 5)
        await ws.close(4000)
        assert ws.close_code == 4000


async def test_it_serves_hundreds_at_once() -> None:
    async with serving() as sample:
        begun = time.monotonic()
        answers = await asyncio.gather(*(sample.get("/slow", seconds="1") for _ in range(300)))
        assert {status for status, _ in answers} == {200}
        assert time.monotonic() - begun < 5


async def test_files_stay_under_data() -> None:
    async with serving() as sample:
        assert await sample.get("/write", path="a.txt", text="kept") == (200, "written\n")
        assert await sample.get("/read", path="a.txt") == (200, "kept")
        assert (await sample.get("/read", path="b.txt"))[0] == 404
        assert (await sample.get("/read", path="../etc/passwd"))[0] == 403


async def test_it_logs_to_both_streams() -> None:
    async with serving(LOG_EVERY="0.05") as sample:
        await sample.get("/log", text="said")
        await asyncio.sleep(0.3)
        stdout, stderr = await sample.lines(stdout=True), await sample.lines(stderr=True)
        assert {"1 listens on port 8000", "said", "line 1", "line 3"} <= set(stdout)
        assert {"said", "line 2", "line 4"} <= set(stderr)


async def test_it_exits_when_asked() -> None:
    async with serving() as sample:
        assert (await sample.get("/exit", code="3"))[0] == 200
        assert (await sample.end())["ExitCode"] == 3


async def test_term_lets_requests_finish() -> None:
    async with serving() as sample:
        slow = asyncio.create_task(sample.get("/slow", seconds="1"))
        async with sample.http.get(f"{sample.url}/events"), sample.http.ws_connect(f"{sample.url}/ws") as ws:
            await asyncio.sleep(0.2)
            await sample.container.kill(signal="SIGTERM")
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
            assert await slow == (200, "slow, but here\n")
        assert (await sample.end())["ExitCode"] == 0


async def test_term_ends_the_naive_at_once() -> None:
    async with serving(NAIVE="1") as sample:
        slow = asyncio.create_task(sample.get("/slow", seconds="5"))
        await asyncio.sleep(0.2)
        await sample.container.kill(signal="SIGTERM")
        with pytest.raises(aiohttp.ClientError):
            await slow
        assert (await sample.end())["ExitCode"] == 143


async def test_term_can_be_ignored() -> None:
    async with serving(IGNORE_TERM="1") as sample:
        await sample.container.kill(signal="SIGTERM")
        await asyncio.sleep(0.3)
        assert (await sample.get("/health"))[0] == 200


async def test_a_start_that_exits() -> None:
    async with started(BOOT="exit:3") as sample:
        assert (await sample.end())["ExitCode"] == 3
        assert len(await sample.lines(stdout=True)) == 3


async def test_a_start_that_is_out_of_memory() -> None:
    async with started(64 * 1024 * 1024, BOOT="oom") as sample:
        state = await sample.end()
        assert state["OOMKilled"]
        assert state["ExitCode"] == 137


async def test_a_start_that_never_listens() -> None:
    async with started(BOOT="deaf") as sample:
        await asyncio.sleep(0.5)
        with pytest.raises(aiohttp.ClientError):
            await sample.get("/")
        await sample.container.kill(signal="SIGTERM")
        assert (await sample.end())["ExitCode"] == 0


async def test_a_start_that_is_slow() -> None:
    begun = time.monotonic()
    async with serving(BOOT="slow:1"):
        assert time.monotonic() - begun > 1
