"""How long a mutation takes while many are told of everything and a deployment is under way, and how long alone."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import count
from statistics import median, quantiles

from bench.crowd import crowd
from bench.fanout import Changes, allow_open_files
from bench.report import Figure, spread
from bench.server import Server, Stopwatch, redeployed, running_server
from bench.sizes import Sizes
from tests.docker.world import Application

_EVENTS = "subscription { events { __typename cursor at } }"
_PAUSE_SECONDS = 0.01  # between mutations: a person's, not a flood
_FED_EVERY_SECONDS = 0.25


async def measure(sizes: Sizes) -> list[Figure]:
    allow_open_files()
    async with running_server() as server:
        environment = await server.environment("bench")
        building = await server.deployed(environment, "building")
        topic = Changes(server, await server.application(environment, "fed"))
        mutations = _Mutations(server, await server.environment("measured"))
        await mutations.percentile_99(sizes.mutations // 5)  # warm
        pairs = []
        for _ in range(sizes.mutation_rounds):
            alone = await mutations.percentile_99(sizes.mutations)
            async with _fed(server, topic, sizes.fed_subscribers), _deploying(building):
                pairs.append((await mutations.percentile_99(sizes.mutations), alone))
    return [_figure(pairs, sizes)]


class _Mutations:
    """The same small change again and again."""

    def __init__(self, server: Server, environment_id: str) -> None:
        self._server = server
        self._environment = environment_id
        self._numbers = count()

    async def percentile_99(self, number: int) -> float:
        """Milliseconds within which 99 of 100 mutations are answered, made one after the other."""
        taken = []
        for _ in range(number):
            await asyncio.sleep(_PAUSE_SECONDS)
            name = f"name-{next(self._numbers)}"
            watch = Stopwatch()
            await self._server.client.do("updateEnvironment", "", environmentId=self._environment, name=name)
            taken.append(watch.read())
        return quantiles(taken, n=100, method="inclusive")[-1]


@asynccontextmanager
async def _fed(server: Server, topic: Changes, subscribers: int) -> AsyncGenerator[None]:
    """Meanwhile so many are told of everything, and something happens all the time."""
    async with crowd(server.port, server.token, _EVENTS, subscribers), _meanwhile(_feeding(topic)):
        yield


@asynccontextmanager
async def _deploying(application: Application) -> AsyncGenerator[None]:
    async with _meanwhile(_again_and_again(application)):
        yield


async def _feeding(topic: Changes) -> None:
    while True:
        await topic(1)
        await asyncio.sleep(_FED_EVERY_SECONDS)


async def _again_and_again(application: Application) -> None:
    while True:
        await redeployed(application)


@asynccontextmanager
async def _meanwhile(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        if task.done():
            task.result()  # raises what ended it
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _figure(pairs: list[tuple[float, float]], sizes: Sizes) -> Figure:
    loaded, alone = zip(*pairs, strict=True)
    ratios = [one / other for one, other in pairs]
    against = (
        f"the same mutation alone: p99 {median(alone):.1f} ms; {median(loaded):.1f} ms while {sizes.fed_subscribers} "
        "are told of everything and an application is deployed again and again"
    )
    value = round(median(ratios), 2)
    return Figure("mutation_p99_ratio", value, "ratio", 2, against, sizes.mutations * len(pairs), spread(ratios))
