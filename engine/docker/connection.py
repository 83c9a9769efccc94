"""The wire to one Docker engine: every request goes out, and every answer comes in, through here."""

import asyncio
import io
import json
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import IO, Any, Self

import aiodocker
import aiohttp

from engine.docker.translation import Refusal, docker_errors, refused
from engine.errors import DockerFailure, DockerUnreachable

LONGEST_LINE = 4 * 1024 * 1024

# The words in the paths of Docker's API; what else is in them are names of things.
_WORDS = frozenset(
    {"archive", "attach", "connect", "create", "disconnect", "exec", "json", "kill", "logs", "prune", "remove"}
    | {"rename", "resize", "restart", "start", "stats", "stop", "tag", "update", "wait"}
)

Upload = bytes | IO[bytes] | AsyncIterable[bytes]
Payload = tuple[str | IO[bytes] | AsyncIterable[bytes] | None, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked of Docker; `doing` says it in words, for the sentence of an error."""

    doing: str
    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: object = None
    upload: Upload | None = None
    headers: Mapping[str, str] | None = None
    refusal: Refusal = refused

    @property
    def operation(self) -> str:
        """What kind of call it is, such as "POST containers/*/start": there are only so many."""
        first, *others = self.path.split("/")
        if not others:
            return f"{self.method} {first}"
        last = others[-1] if others[-1] in _WORDS else "*"
        return f"{self.method} {first}/*/{last}" if others[1:] else f"{self.method} {first}/{last}"


class Answer:
    """An answer that comes in pieces. It keeps one piece and one unfinished line, however long it goes on."""

    def __init__(self, doing: str, response: aiohttp.ClientResponse, pause: float | None) -> None:
        self._doing = doing
        self._response = response
        self._pause = pause
        self._lines: deque[bytes] = deque()
        self._unfinished = b""

    def header(self, name: str) -> str:
        """What the answer says under this name; "" when it says nothing."""
        return self._response.headers.get(name, "")

    async def piece(self) -> bytes:
        """The next bytes as they came; b"" at the end."""
        with docker_errors(self._doing):
            async with asyncio.timeout(self._pause):
                return await self._response.content.readany()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        """The next line as JSON."""
        while not self._lines:
            piece = await self.piece()
            if not piece:
                raise StopAsyncIteration
            self._split(piece)
        with docker_errors(self._doing):
            message: dict[str, Any] = json.loads(self._lines.popleft())
            return message

    def _split(self, piece: bytes) -> None:
        *whole, self._unfinished = (self._unfinished + piece).split(b"\n")
        self._lines.extend(line for line in whole if line.strip())
        if len(self._unfinished) > LONGEST_LINE:
            raise DockerFailure(f"Docker sent a line without end when asked to {self._doing}.")


class Connection:
    """Connects at the first call, and again after every break; calls fail one by one while nobody answers."""

    def __init__(self, host: str | None, *, deadline: float = 30.0) -> None:
        self._host = host
        self._deadline = deadline
        self._docker: aiodocker.Docker | None = None
        self._closed = False
        self._around: Callable[[str], AbstractContextManager[object]] = lambda _operation: nullcontext()

    def watch(self, around: Callable[[str], AbstractContextManager[object]]) -> None:
        """Have what `around` gives entered around every call; it is told which kind, as `Request.operation`."""
        self._around = around

    @property
    def on_this_machine(self) -> bool:
        """Whether the engine is asked through a socket file: one that is elsewhere hardly ever is."""
        return type(self._client().connector) is aiohttp.UnixConnector  # the one for SSH is another, derived from it

    async def close(self) -> None:
        """Ends every call and stream still open; later ones raise DockerUnreachable."""
        self._closed = True
        if self._docker is not None:
            await self._docker.close()

    async def _call(self, request: Request, *, deadline: float | None = None) -> Any:
        """Docker's whole answer as JSON, None where it is empty. DockerTimeout after the deadline."""
        payload = _payload(request)
        with self._around(request.operation), docker_errors(request.doing, request.refusal):
            async with asyncio.timeout(deadline or self._deadline):
                response = await self._send(request, payload)
                try:
                    answer = await response.read()
                finally:
                    response.close()
            return json.loads(answer) if answer else None

    @asynccontextmanager
    async def _stream(
        self, request: Request, *, deadline: float | None, pause: float | None = None
    ) -> AsyncIterator[Answer]:
        """An answer in pieces: headers before the deadline, never longer than `pause` between two pieces.

        Leaving the context closes the connection, in whatever way it is left.
        """
        payload = _payload(request)
        with self._around(request.operation), docker_errors(request.doing, request.refusal):
            async with asyncio.timeout(deadline):
                response = await self._send(request, payload)
        try:
            yield Answer(request.doing, response, pause)
        finally:
            response.close()

    async def _send(self, request: Request, payload: Payload) -> aiohttp.ClientResponse:
        data, kind = payload
        headers = {"Content-Type": kind, **(request.headers or {})}
        params = dict(request.params or {})
        async with self._client()._query(
            request.path, request.method, params=params, data=data, headers=headers, timeout=None
        ) as response:
            return response

    def _client(self) -> aiodocker.Docker:
        if self._closed:
            raise DockerUnreachable("The connection to Docker has been closed.")
        if self._docker is None:
            self._docker = aiodocker.Docker(self._host)
            # aiohttp stops at 100 connections, and each log stream holds one. A connector of our own would
            # cost us aiodocker's TLS, SSH and context handling; a test watches that this still lifts the cap.
            self._docker.connector._limit = 0
        return self._docker


def _payload(request: Request) -> Payload:
    if request.upload is None:
        return None if request.body is None else json.dumps(request.body), "application/json"
    # aiohttp warns about large bytes objects, and sends files in pieces.
    upload = io.BytesIO(request.upload) if isinstance(request.upload, bytes) else request.upload
    return upload, "application/x-tar"
