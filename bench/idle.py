"""What the server takes while its applications run and nobody watches."""

import asyncio
from statistics import mean

from bench.report import Figure, spread
from bench.server import Server, running_server
from bench.sizes import Sizes
from tests.docker.usage import cpu_seconds, private_mib

_PER_ENVIRONMENT = 50  # a network has room for about 60
_AT_ONCE = 10
_SETTLED_SECONDS = 5.0
_LOOKS = 10
_SMALL = ["httpd", "-f", "-p", "8000"]


async def measure(sizes: Sizes) -> list[Figure]:
    async with running_server() as server:
        for first in range(0, sizes.applications, _PER_ENVIRONMENT):
            numbers = range(first, min(first + _PER_ENVIRONMENT, sizes.applications))
            await _deploy(server, await server.environment(f"bench-{first}"), numbers)
        await asyncio.sleep(_SETTLED_SECONDS)
        return _figures([await _looked_at(server.pid, sizes.idle_seconds / _LOOKS) for _ in range(_LOOKS)], sizes)


async def _looked_at(pid: int, seconds: float) -> tuple[float, float]:
    """Private memory in MiB, and the percentage of one core that was used in so many seconds."""
    before = cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return private_mib(pid), (cpu_seconds(pid) - before) / seconds * 100


async def _deploy(server: Server, environment_id: str, numbers: range) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            await server.deployed(environment_id, f"idle-{number}", command=_SMALL)

    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(one(number))


def _figures(looks: list[tuple[float, float]], sizes: Sizes) -> list[Figure]:
    against = f"the limit itself; {sizes.applications} running applications, nobody watching"
    mib, percent = (list(side) for side in zip(*looks, strict=True))
    return [
        Figure("idle_private_mib", round(max(mib), 1), "MiB", 150, against, len(looks), spread(mib)),
        Figure("idle_cpu_percent", round(mean(percent), 2), "% of a core", 1, against, len(looks), spread(percent)),
    ]
