"""What is under way when a release is replaced: it is finished by the release that began it."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator

import aiohttp
import pytest

from tests.docker.world import Application, World

pytestmark = pytest.mark.docker

GRACE = 4.0
UPLOAD = b"x" * (5 * 1024 * 1024)


async def replaced(application: Application) -> None:
    await application.change(image="wharf-sample:2")
    assert (await application.deploy())["status"] == "SUCCEEDED"


def url(application: Application, path: str) -> str:
    return f"http://127.0.0.1:{application.world.http_port}{path}"


@pytest.fixture
async def shop(world: World, environment: str) -> Application:
    application = await world.application(environment, "draining", stopGracePeriod=f"{GRACE:g}s")
    await application.deploy()
    return application


@pytest.fixture
async def session(shop: Application) -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Host": shop.host}) as opened:
        yield opened


async def test_a_slow_answer_comes_whole_from_the_release_that_began_it(
    shop: Application, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.ensure_future(session.get(url(shop, "/slow?seconds=3")))
    await replaced(shop)
    async with await answer as slow:
        assert (slow.status, slow.headers["X-Version"]) == (200, "1")
    async with session.get(url(shop, "/")) as next_one:
        assert next_one.headers["X-Version"] == "2"


async def test_an_upload_in_flight_arrives_whole(shop: Application, session: aiohttp.ClientSession) -> None:
    begun = asyncio.Event()

    async def slowly() -> AsyncGenerator[bytes]:
        for start in range(0, len(UPLOAD), len(UPLOAD) // 20):
            yield UPLOAD[start : start + len(UPLOAD) // 20]
            begun.set()
            await asyncio.sleep(0.1)

    upload = asyncio.ensure_future(session.post(url(shop, "/echo"), data=slowly()))
    await begun.wait()
    await replaced(shop)
    async with await upload as answer:
        assert answer.status == 200
        assert answer.headers["X-Sha256"] == hashlib.sha256(UPLOAD).hexdigest()
        assert await answer.read() == UPLOAD


async def test_a_websocket_lives_until_its_grace_period_ends(
    shop: Application, session: aiohttp.ClientSession
) -> None:
    async with session.ws_connect(url(shop, "/ws")) as socket:
        await socket.send_str("before")
        assert await socket.receive_str() == "before"
        await shop.change(image="wharf-sample:2")
        deployment = await shop.ask_for()
        await shop.until_answered_by("2")
        moved = time.monotonic()
        await socket.send_str("after the route has moved")
        assert await socket.receive_str() == "after the route has moved"
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert time.monotonic() - moved >= GRACE * 0.9
    assert (await shop.ended(deployment))["status"] == "SUCCEEDED"


async def test_server_sent_events_go_on_until_the_grace_period_ends(
    shop: Application, session: aiohttp.ClientSession
) -> None:
    async with session.get(url(shop, "/events")) as events:
        await events.content.readline()
        await shop.change(image="wharf-sample:2")
        deployment = await shop.ask_for()
        await shop.until_answered_by("2")
        for _ in range(5):
            assert await events.content.readline()
    assert (await shop.ended(deployment))["status"] == "SUCCEEDED"
