"""From the mutation that renames a domain to the first answer by its new name, against writing the file by hand."""

import asyncio
from collections.abc import Iterator
from itertools import count
from statistics import median

from bench.by_hand import ByHand, by_hand
from bench.report import Figure, noise, percentile_95, spread
from bench.server import Server, Stopwatch, running_server
from bench.sizes import Sizes
from bench.turns import by_turns
from tests.docker.world import Application

_SETTLED_SECONDS = 0.3  # more than Traefik waits between two changes


class _Ours:
    def __init__(self, server: Server, domain_id: str) -> None:
        self._server = server
        self._domain_id = domain_id
        self._hosts = _hosts()

    async def rename(self) -> float:
        await asyncio.sleep(_SETTLED_SECONDS)
        host, watch = next(self._hosts), Stopwatch()
        await self._server.client.do("updateDomain", "", domainId=self._domain_id, url=f"http://{host}")
        await self._server.until_answered(host)
        return watch.read()


class _ByHand:
    def __init__(self, hand: ByHand, url: str, domains: int) -> None:
        self._hand = hand
        self._url = url
        self._others = [f"domain-{number}.test" for number in range(1, domains)]
        self._hosts = _hosts()

    async def rename(self) -> float:
        await asyncio.sleep(_SETTLED_SECONDS)
        host, watch = next(self._hosts), Stopwatch()
        self._hand.write(dict.fromkeys([host, *self._others], self._url))
        await self._hand.until_answered(host)
        return watch.read()


async def measure(sizes: Sizes) -> list[Figure]:
    async with running_server() as server:
        application = await server.deployed(await server.environment("bench"), "routes")
        domain_id = await _add_domains(server, application, sizes.domains)
        async with by_hand(server) as hand:
            container = await hand.run("wharf-sample:1")
            theirs = _ByHand(hand, await hand.healthy(container), sizes.domains)
            pairs = await by_turns(_Ours(server, domain_id).rename, theirs.rename, sizes.route_changes)
    return _figures(pairs, sizes.domains)


def _hosts() -> Iterator[str]:
    return (f"renamed-{number}.test" for number in count())


async def _add_domains(server: Server, application: Application, number: int) -> str:
    """The id of the last of as many domains as were asked for, the first of which was there."""
    added = {}
    for each in range(1, number):
        added = await server.client.do(
            "addDomain", "domain { id }", applicationId=application.id, url=f"http://domain-{each}.test"
        )
    await server.until_answered(f"domain-{number - 1}.test")
    return str(added["domain"]["id"])


def _figures(pairs: list[tuple[float, float]], domains: int) -> list[Figure]:
    mine, others = (list(side) for side in zip(*pairs, strict=True))
    by_hand_ms = median(others)
    ratio = Figure(
        name="route_change_ratio",
        value=round(median(mine) / by_hand_ms, 3),
        unit="ratio",
        limit=2,
        against=f"writing the file by hand, {domains} routers: {by_hand_ms:.0f} ms, ours {median(mine):.0f} ms",
        samples=len(pairs),
        spread=spread([ours / theirs for ours, theirs in pairs]),
        noise=noise(others),
    )
    slowest = Figure(
        name="route_change_p95_ms",
        value=round(percentile_95(mine), 1),
        unit="ms",
        limit=500,
        against=f"writing the file by hand: {percentile_95(others):.0f} ms",
        samples=len(pairs),
        spread=spread(mine),
        noise=noise(others),
    )
    return [ratio, slowest]
