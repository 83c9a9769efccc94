"""What is predicted for a request is what a real one meets: configurations made by lot, on a real Traefik."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from random import Random

import aiohttp
import pytest
from yarl import URL

from engine.errors import ProxyFailure
from engine.explanations.explain import explain
from engine.explanations.facts import routed
from engine.explanations.request import request_of
from engine.explanations.values import Explanation, Request
from engine.proxy.compiler import compile_routes
from engine.proxy.container import HttpProxy
from engine.proxy.internal import every_little_while
from tests.docker.configurations import Configuration, configurations
from tests.engine.proxy.rig import KEY, Rig, rigged

pytestmark = pytest.mark.docker

_AT_ONCE = 8
_HERE = IPv4Address("127.0.0.1")


@dataclass(frozen=True)
class Met:
    """What a request met: the answer of the proxy itself, or which server behind it answered."""

    status: int | None
    location: str | None
    server: str | None


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path / "proxy") as made:
        await made.make_network()
        yield made


async def _compare(rig: Rig, count: int, seed: int) -> Counter[str]:
    """How often the answers were of which kind, which were all as predicted."""
    servers = [f"{rig.network}-{number}" for number in range(3)]
    await asyncio.gather(*map(rig.start_backend, servers))
    lots = Random(seed)
    made = list(configurations(count, tuple(f"{each}:8000" for each in servers), lots))
    entrance = rig.settings.entrance
    document = compile_routes((each for one in made for each in one.applications), key=KEY, entrance=entrance)
    proxy, _ = rig.new_proxy()
    await proxy.ensure(document, {rig.network})
    assert await _refused(proxy) == []
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    turn = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def ask(one: Configuration, url: str) -> None:
            request = request_of(url, _HERE)
            facts = one.seen(routed(one.applications, request, entrance.ports, {}))
            predicted = explain(request, facts)
            async with turn:
                met = await _met(rig, session, request)
            if met != _predicted(one, predicted):
                wrong.append(f"{url} met {met}, of {one.applications}: {predicted}")
            kinds["served" if met.server else str(met.status)] += 1

        async with asyncio.TaskGroup() as asking:
            for one in made:
                for url in one.urls:
                    asking.create_task(ask(one, url))
    assert wrong == []
    return kinds


async def _refused(proxy: HttpProxy) -> list[tuple[str, str]]:
    """What Traefik does not take of its document, however long it takes to say so on a busy machine."""
    async for _ in every_little_while(30):
        with suppress(ProxyFailure):
            return [each async for each in proxy.internal.refused_routers()]
    raise TimeoutError("The proxy does not tell what it refused.")


def _predicted(one: Configuration, explanation: Explanation) -> Met:
    if not explanation.served:
        return Met(explanation.status, explanation.location, None)
    (target,) = (each.target for each in one.applications if each.application_id == explanation.application_id)
    return Met(None, None, target.servers[0].partition(":")[0])  # type: ignore[union-attr]


async def _met(rig: Rig, session: aiohttp.ClientSession, request: Request) -> Met:
    scheme, port = ("https", rig.settings.https_port) if request.secure else ("http", rig.settings.http_port)
    url = URL(f"{scheme}://127.0.0.1:{port}{request.path_and_query}", encoded=True)
    async with session.get(url, headers={"Host": request.host}, ssl=False, allow_redirects=False) as answer:
        if server := answer.headers.get("X-Version"):
            return Met(None, None, server)
        return Met(answer.status, answer.headers.get("Location"), None)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.soak)])
async def test_what_is_predicted_is_what_a_real_request_meets(rig: Rig, count: int, seed: int) -> None:
    kinds = await _compare(rig, count, seed)
    assert kinds.keys() == {"served", "308", "401", "403", "404", "503"}
    assert min(kinds.values()) >= count / 20
