"""What the server takes while its applications run and nobody watches."""

import asyncio
import os
import re
from pathlib import Path
from statistics import mean

from bench.report import Figure, spread
from bench.server import Server, running_server
from bench.sizes import Sizes

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
    before = _cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return _private_mib(pid), (_cpu_seconds(pid) - before) / seconds * 100


async def _deploy(server: Server, environment_id: str, numbers: range) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            await server.deployed(environment_id, f"idle-{number}", command=_SMALL)

    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(one(number))


def _cpu_seconds(pid: int) -> float:
    # After the name, which may hold anything but ")" at its end: fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _private_mib(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kib) for kib in re.findall(r"^Private_\w+: +(\d+) kB", rollup, re.MULTILINE)) / 1024


def _figures(looks: list[tuple[float, float]], sizes: Sizes) -> list[Figure]:
    against = f"the limit itself; {sizes.applications} running applications, nobody watching"
    mib, percent = (list(side) for side in zip(*looks, strict=True))
    return [
        Figure("idle_private_mib", round(max(mib), 1), "MiB", 150, against, len(looks), spread(mib)),
        Figure("idle_cpu_percent", round(mean(percent), 2), "% of a core", 1, against, len(looks), spread(percent)),
    ]
