"""What the server takes while its applications run and nobody watches."""

import asyncio

from bench.report import Figure
from bench.server import Server, running_server
from bench.sizes import Sizes
from tests.docker.usage import cpu_seconds, private_mib

_PER_ENVIRONMENT = 50  # a network has room for about 60
_AT_ONCE = 10
_SETTLED_SECONDS = 5.0
_SMALL = ["httpd", "-f", "-p", "8000"]


async def measure(sizes: Sizes) -> list[Figure]:
    async with running_server() as server:
        for first in range(0, sizes.applications, _PER_ENVIRONMENT):
            numbers = range(first, min(first + _PER_ENVIRONMENT, sizes.applications))
            await _deploy(server, await server.environment(f"bench-{first}"), numbers)
        await asyncio.sleep(_SETTLED_SECONDS)
        before = cpu_seconds(server.pid)
        await asyncio.sleep(sizes.idle_seconds)
        percent = (cpu_seconds(server.pid) - before) / sizes.idle_seconds * 100
        return _figures(percent, private_mib(server.pid), sizes)


async def _deploy(server: Server, environment_id: str, numbers: range) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            await server.deployed(environment_id, f"idle-{number}", command=_SMALL)

    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(one(number))


def _figures(percent: float, mib: float, sizes: Sizes) -> list[Figure]:
    against = f"the limit itself; {sizes.applications} running applications, nobody watching"
    return [
        Figure("idle_private_mib", round(mib, 1), "MiB", 150, against, samples=1),
        Figure("idle_cpu_percent", round(percent, 2), "% of one core", 1, against, samples=1),
    ]
