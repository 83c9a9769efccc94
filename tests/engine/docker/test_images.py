"""Pulls and builds tell how far they are, and whose fault it is when they fail."""

import base64
import io
import json

import pytest
from aiohttp import web

from engine.docker import images
from engine.docker.gateway import DockerGateway
from engine.docker.values import PullProgress, RegistryCredentials
from engine.errors import (
    DockerTimeout,
    DockerUnreachable,
    ImageFailure,
    ImageNotFound,
    RegistryDenied,
    RegistryUnreachable,
)
from engine.secrets import Secret
from tests.engine.docker.conftest import FakeDaemon, json_line, parameters, refusal


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
    assert await _pull(gateway, RegistryCredentials("me", Secret("pass/word?"))) == [
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
