"""Subscribers to whom nothing happens: what each takes of the server's memory, and all of its processor."""

import asyncio
from contextlib import AsyncExitStack
from statistics import mean

from bench.fanout import Changes, allow_open_files
from bench.listeners import Audience
from bench.report import Figure, spread
from bench.server import running_server
from bench.sizes import Sizes
from tests.docker.usage import cpu_seconds, private_mib

_EVENTS = "subscription { events { cursor } }"
_OF_A_TOKEN = 1_000  # what one viewer, and one address, may have is not much more
_LOOKS = 3
_SETTLED_SECONDS = 3.0


async def measure(sizes: Sizes) -> list[Figure]:
    allow_open_files()
    async with running_server() as server, AsyncExitStack() as stack:
        application = await server.application(await server.environment("bench"), "quiet")
        await asyncio.sleep(_SETTLED_SECONDS)
        before = private_mib(server.pid)
        crowds = [Audience(server.port, _EVENTS, await server.make_token()) for _ in _lots(sizes.idle_subscribers)]
        for crowd, size in zip(crowds, _lots(sizes.idle_subscribers), strict=True):
            stack.callback(crowd.close)
            await crowd.open(size, addresses=len(crowds))
        await Changes(server, application)(1)
        await asyncio.gather(*(crowd.until_told(1) for crowd in crowds))  # all of them are there
        await asyncio.sleep(_SETTLED_SECONDS)
        kib = (private_mib(server.pid) - before) * 1024 / sizes.idle_subscribers
        percents = [await _percent(server.pid, sizes.idle_seconds / _LOOKS) for _ in range(_LOOKS)]
    against = f"the limit itself; {sizes.idle_subscribers} subscribers on websockets, to whom nothing happens"
    return [
        Figure("subscriber_idle_kib", round(kib, 1), "KiB", 64, against, sizes.idle_subscribers, (kib, kib)),
        Figure(
            "subscribers_idle_cpu_percent",
            round(mean(percents), 2),
            "% of a core",
            5,
            against,
            _LOOKS,
            spread(percents),
        ),
    ]


def _lots(number: int) -> list[int]:
    return [min(_OF_A_TOKEN, number - first) for first in range(0, number, _OF_A_TOKEN)]


async def _percent(pid: int, seconds: float) -> float:
    before = cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds * 100
