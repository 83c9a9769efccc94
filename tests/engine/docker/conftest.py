"""A Docker daemon of the tests' own: it answers what a test tells it to, and counts who is still connected."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from aiohttp import web

from engine.docker.gateway import DockerGateway

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

VERSION = {"Version": "1.0", "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64"}


class FakeDaemon:
    """Listens on `host` from `start` to `stop`; `answers` says what each path without its version answers."""

    def __init__(self, socket: Path) -> None:
        self.host = f"unix://{socket}"
        self.answers: dict[str, Handler | object] = {"/version": VERSION}
        self.seen: list[web.Request] = []
        self.streaming = 0
        self._socket = socket
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self._socket)).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def until_streaming(self, count: int) -> None:
        """Returns when exactly so many streams are being served."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.streaming == count)

    def stream(self, *pieces: bytes) -> Handler:
        """An answer of these pieces that then goes on without end."""

        async def serve(request: web.Request) -> web.StreamResponse:
            response = await self._begin(request, pieces)
            await self._count(1)
            try:
                await asyncio.Event().wait()
            finally:
                await self._count(-1)
            return response

        return serve

    def broken_stream(self, *pieces: bytes) -> Handler:
        """An answer of these pieces that is then cut off."""

        async def serve(request: web.Request) -> web.StreamResponse:
            response = await self._begin(request, pieces)
            assert request.transport is not None
            request.transport.close()
            return response

        return serve

    async def _begin(self, request: web.Request, pieces: tuple[bytes, ...]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    async def _count(self, step: int) -> None:
        async with self._changed:
            self.streaming += step
            self._changed.notify_all()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        path = request.path.removeprefix("/v1.41")
        answer = self.answers.get(path)
        if callable(answer):
            response: web.StreamResponse = await answer(request)
            return response
        if answer is None:
            return web.json_response({"message": f"no answer for {path}"}, status=404)
        return web.json_response(answer)


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncGenerator[FakeDaemon]:
    made = FakeDaemon(tmp_path / "docker.sock")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(daemon: FakeDaemon) -> AsyncGenerator[DockerGateway]:
    made = DockerGateway(daemon.host, deadline=5)
    yield made
    await made.close()


def refusal(status: int, message: str) -> Handler:
    """Docker's "no"."""

    async def serve(request: web.Request) -> web.StreamResponse:
        return web.json_response({"message": message}, status=status)

    return serve


def parameters(daemon: FakeDaemon) -> Mapping[str, str]:
    """The query of the latest request."""
    return daemon.seen[-1].query


def json_line(message: object) -> bytes:
    """A message as Docker writes it into a stream."""
    return json.dumps(message).encode() + b"\n"
