"""Commands in running containers, with what goes into them and comes out of them as streams."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
from aiodocker.execs import Exec
from aiodocker.stream import Stream

from engine.docker.connection import Connection, Request
from engine.docker.references import checked
from engine.docker.translation import docker_errors
from engine.docker.values import StreamedResult
from engine.errors import DockerFailure, DockerTimeout

LONGEST_ERRORS = 64 * 1024
EXIT_CODE_PAUSE = 0.01
QUIET = 1.0

Sink = Callable[[bytes], Awaitable[None]]
_STDOUT = 1


class Executions(Connection):
    """Docker ends no command on demand: one whose stream is broken off finds its input at an end."""

    async def stream_exec(
        self,
        ref: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        source: AsyncIterable[bytes] | None = None,
        sink: Sink | None = None,
        idle: float,
    ) -> StreamedResult:
        """Runs a command to its end: `source` is its standard input, what it writes goes to `sink` as it comes.

        Both wait for the slower side, so nothing piles up here. A command that ends before it has read everything is
        no error. DockerTimeout when for `idle` seconds nothing went in or out; errors of `source` and `sink` come
        out as they are. The command may then have taken what it got for everything.
        """
        doing = f"run {command[0]} in container {ref}"
        wish = {
            "Cmd": list(command),
            "Env": [f"{name}={value}" for name, value in sorted((environment or {}).items())],
            "AttachStdin": source is not None,
            "AttachStdout": True,
            "AttachStderr": True,
        }
        created = await self._call(Request(doing, "POST", f"containers/{checked(ref)}/exec", body=wish))
        running = _Running(doing, Exec(self._client(), created["Id"], tty=False).start(), sink)
        limit = asyncio.timeout(idle)
        try:
            async with limit:
                running.goes_on = lambda: limit.reschedule(asyncio.get_running_loop().time() + idle)
                await running.to_the_end(source, lambda: self._is_running(created["Id"], doing))
                code = await self._exit_code(created["Id"], doing)
        except TimeoutError as error:
            if limit.expired():
                raise DockerTimeout(f"For {idle:g} seconds nothing came of it to {doing}.") from error
            raise
        finally:
            await running.close()
        return StreamedResult(code, running.errors.decode("utf-8", errors="replace"))

    async def _is_running(self, exec_id: str, doing: str) -> bool:
        return bool((await self._look(exec_id, doing))["Running"])

    async def _exit_code(self, exec_id: str, doing: str) -> int:
        # The streams can end a moment before Docker has noticed that the process did.
        while True:
            seen = await self._look(exec_id, doing)
            if not seen["Running"]:
                code: int = seen["ExitCode"]
                return code
            await asyncio.sleep(EXIT_CODE_PAUSE)

    async def _look(self, exec_id: str, doing: str) -> dict[str, Any]:
        seen: dict[str, Any] = await self._call(Request(doing, "GET", f"exec/{exec_id}/json"))
        return seen


class _Running:
    """A command's three streams over one connection."""

    def __init__(self, doing: str, stream: Stream, sink: Sink | None) -> None:
        self._doing = doing
        self._stream = stream
        self._sink = sink
        self._moves = 0
        self._sinking = False
        self.errors = bytearray()
        self.goes_on: Callable[[], None] = lambda: None

    async def to_the_end(
        self, source: AsyncIterable[bytes] | None, is_running: Callable[[], Awaitable[bool]]
    ) -> None:
        with docker_errors(self._doing):
            await self._stream._init()
        reading = asyncio.create_task(self._read())
        others = {asyncio.create_task(self._feed(source)), asyncio.create_task(self._ended(is_running))}
        try:
            left = {reading, *others}
            while not reading.done():
                done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() for task in done):
                    return
        finally:
            for task in (reading, *others):
                task.cancel()
            await asyncio.gather(reading, *others, return_exceptions=True)

    async def close(self) -> None:
        if self._stream._resp is None or self._stream._resp.connection is None:
            return
        transport = self._transport()
        await self._stream.close()
        if transport is not None:
            transport.abort()  # else it would wait for Docker to take what nobody reads any more

    async def _read(self) -> bool:
        """True when everything has come."""
        while True:
            with docker_errors(self._doing):
                message = await self._stream.read_out()
            if message is None:
                return True
            self._moved()
            if message.stream == _STDOUT and self._sink is not None:
                self._sinking = True
                await self._sink(message.data)
                self._sinking = False
            elif message.stream != _STDOUT:
                self.errors += message.data
                del self.errors[:-LONGEST_ERRORS]

    async def _feed(self, source: AsyncIterable[bytes] | None) -> bool:
        """False when all has gone in, or nobody reads any more; how the command ended says the rest."""
        if source is None:
            return False
        async for piece in source:
            try:
                await self._stream.write_in(piece)
            except (OSError, aiohttp.ClientError):
                return False
            self._moved()
        self._end_of_input()
        return False

    async def _ended(self, is_running: Callable[[], Awaitable[bool]]) -> bool:
        """True when the command has ended and nothing more comes: with input left over, Docker ends no stream."""
        while True:
            before = self._moves
            await asyncio.sleep(QUIET)
            if self._moves == before and not self._sinking and not await is_running():
                await asyncio.sleep(QUIET)
                if self._moves == before and not self._sinking:
                    return True

    def _moved(self) -> None:
        self._moves += 1
        self.goes_on()

    def _end_of_input(self) -> None:
        transport = self._transport()
        if transport is None or transport.is_closing():
            return
        if not transport.can_write_eof():
            sentence = f"Over TLS, Docker cannot be told that the input ends: it was to {self._doing}."
            raise DockerFailure(sentence)
        transport.write_eof()

    def _transport(self) -> asyncio.Transport | None:
        response = self._stream._resp
        return response.connection.transport if response and response.connection else None
