"""What one viewer may have at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

import httpx2
import pytest
import pytest_asyncio

from graph.http import GraphQLView
from graph.quotas import Quotas
from graph.sockets import Sockets
from tests.graph.conftest import Served, authenticate, serving
from tests.graph.small import BEGUN, DOOR, RUNNING, SCHEMA
from tests.graph.sockets import ACK, INIT, connected, raw, subscribe

if TYPE_CHECKING:
    from engine.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOR_EVER = "subscription { forEver }"
SETUP = {"type": "connection_init", "payload": {"token": "setup"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def few() -> AsyncIterator[Served]:
    quotas = Quotas(sockets=2, operations=3, requests=2, bodies=1000)
    view = GraphQLView(
        SCHEMA,
        engine=cast("Engine", object()),
        authenticate=authenticate,
        sockets=(sockets := Sockets()),
        quotas=quotas,
    )
    async with serving(view) as port:
        yield Served(f"127.0.0.1:{port}", sockets)


async def test_a_viewer_has_so_many_sockets_and_others_have_theirs(few: Served) -> None:
    async with connected(few), connected(few) as second:
        async with raw(few) as third:
            await third.send(INIT)
            assert await third.closed() == (4429, "You may have 2 sockets at once, and have no room for more.")
        async with raw(few) as of_another:
            await of_another.send(SETUP)
            assert await of_another.receive() == ACK
        await second.hang_up()
        while len(few.sockets) > 1:
            await asyncio.sleep(0)
        async with connected(few):
            pass


async def test_a_viewer_has_so_many_operations_over_all_its_sockets(few: Served) -> None:
    async with connected(few) as one, connected(few) as other:
        for socket, name in ((one, "1"), (one, "2"), (other, "1")):
            await socket.send(subscribe(FOR_EVER, name))
            assert (await socket.receive())["type"] == "next"
        await other.send(subscribe("{ viewer }", "2"))
        (error,) = (refused := await other.receive()).pop("payload")
        assert refused == {"id": "2", "type": "error"}
        assert error["extensions"] == {"code": "TOO_MANY"}
        await one.send({"type": "complete", "id": "1"})
        await RUNNING.until(2)
        await other.send(subscribe("{ viewer }", "2"))
        assert (await other.receive())["payload"] == {"data": {"viewer": "laptop"}}
    await RUNNING.until(0)


async def test_a_viewer_has_so_many_requests_under_way(few: Served) -> None:
    wait = {"query": "mutation { waitAtTheDoor { errors { code } } }"}
    async with httpx2.AsyncClient(headers={"Authorization": "Bearer owner"}) as client:
        begun = BEGUN.now
        waiting = [asyncio.create_task(client.post(few.http, json=wait)) for _ in range(2)]
        await BEGUN.until(begun + 2)
        refused = await client.post(few.http, json={"query": "{ viewer }"})
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["extensions"] == {"code": "TOO_MANY"}
        assert refused.headers["retry-after"] == "1"
        DOOR.set()
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200]
        assert (await client.post(few.http, json={"query": "{ viewer }"})).status_code == 200


async def test_the_bodies_of_a_viewer_have_so_many_bytes(few: Served) -> None:
    async with httpx2.AsyncClient(headers={"Authorization": "Bearer owner"}) as client:
        for size, status in ((900, 200), (1_100, 429), (900, 200)):
            response = await client.post(few.http, json={"query": "{ viewer }", "x": "x" * (size - 50)})
            assert response.status_code == status
