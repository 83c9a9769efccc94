"""The catalogue's commands, run in a database's container."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass

from engine.archives import tar_of
from engine.databases.kinds import Command
from engine.docker.executions import Sink
from engine.docker.gateway import DockerGateway

LONGEST_OUTPUT = 64 * 1024
_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. `errors` is for people to read: what the program wrote to its standard error."""

    worked: bool
    exit_code: int
    output: str  # at most 64 KiB
    errors: str


async def run(docker: DockerGateway, container: str, command: Command, *, idle: float = 30.0) -> Outcome:
    """Runs a command, again and again in the time that it may take to work."""
    loop = asyncio.get_running_loop()
    until = loop.time() + command.within
    while True:
        outcome = await _once(docker, container, command, idle)
        if outcome.worked or loop.time() > until:
            return outcome
        await asyncio.sleep(_PAUSE)


async def stream(
    docker: DockerGateway,
    container: str,
    command: Command,
    *,
    source: AsyncIterable[bytes] | None = None,
    sink: Sink | None = None,
    idle: float,
) -> Outcome:
    """Runs a command whose input is `source` and whose output is for `sink`: `output` stays empty."""
    await _put_files(docker, container, command)
    result = await docker.stream_exec(
        container, command.arguments, environment=command.environment, source=source, sink=sink, idle=idle
    )
    return Outcome(command.worked(result.exit_code, ""), result.exit_code, "", result.errors)


async def _once(docker: DockerGateway, container: str, command: Command, idle: float) -> Outcome:
    written = bytearray()

    async def keep(piece: bytes) -> None:
        written.extend(piece[: LONGEST_OUTPUT - len(written)])

    await _put_files(docker, container, command)
    result = await docker.stream_exec(
        container,
        command.arguments,
        environment=command.environment,
        source=None if command.standard_input is None else _pieces(command.standard_input),
        sink=keep,
        idle=idle,
    )
    output = written.decode("utf-8", errors="replace")
    return Outcome(command.worked(result.exit_code, output), result.exit_code, output, result.errors)


async def _put_files(docker: DockerGateway, container: str, command: Command) -> None:
    if command.files:
        await docker.put_archive(container, "/", tar_of(command.files))


async def _pieces(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content
