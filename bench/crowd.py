"""Subscribers in a process of their own, so that whoever measures something else does not wait for them.

Elsewhere they would have machines of their own; here they take what is left of this one, by way of `nice`.

python -m bench.crowd PORT NUMBER    reads the token and the operation from its input, a line each, prints a line when
all are let in, and when its input ends prints how many messages the one that was told least has had
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvloop

from bench.listeners import Audience

_NICE = 19


@asynccontextmanager
async def crowd(port: int, token: str, query: str, number: int) -> AsyncGenerator[None]:
    """So many subscribers meanwhile. Raises if one of them was told nothing, or less than the others."""
    command = (sys.executable, "-m", "bench.crowd", str(port), str(number))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(f"{token}\n{query}\n".encode())
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("The subscribers were not let in.")
        yield
        process.stdin.close()
        least, most = map(int, (await process.stdout.readline()).split())
        if not 0 < least == most:
            raise RuntimeError(f"One subscriber was told {least} messages and another {most}.")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listen(port: int, number: int) -> None:
    os.nice(_NICE)
    token, query = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    audience = Audience(port, query, token)
    await audience.open(number)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    told = None
    while told != (told := audience.told):  # noqa: ASYNC110  nobody says that nothing more is on its way
        await asyncio.sleep(1)
    print(*audience.told, flush=True)


if __name__ == "__main__":
    uvloop.run(_listen(*map(int, sys.argv[1:])))
