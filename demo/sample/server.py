"""The sample application: a small HTTP/1.1 server that behaves, or misbehaves, as it is told.

Nothing but the standard library, one process, one file.

Variables
  PORT=8000          the port to listen on
  VERSION=0          shown in the greeting and in the header X-Version of every answer
  FAIL_HEALTH=1      /health answers 503
  LOG_EVERY=0.5      a numbered line each so many seconds, to stdout and stderr in turn
  BOOT=exit:3        print three lines and exit with code 3 instead of starting
  BOOT=oom           take memory until killed (gives up at 1 GiB, for a container without a limit)
  BOOT=deaf          run, but never listen
  BOOT=slow:5        listen after 5 seconds
  IGNORE_TERM=1      SIGTERM does nothing
  NAIVE=1            SIGTERM ends the process at once, whatever is in flight

Paths
  GET  /                   hello from VERSION on HOSTNAME
  GET  /health             200, or 503 with FAIL_HEALTH=1
  GET  /slow?seconds=2     an answer after so many seconds
  GET  /env?name=X         the variable's value, byte for byte; 404 when it is not set
  POST /echo               the body back, its SHA-256 in the header X-Sha256
  GET  /events             server-sent events, one each 200 ms
  GET  /ws                 a websocket that echoes
  GET  /exit?code=3        ends the process with that code
  GET  /write?path=a&text=b, /read?path=a      files under /data, and nowhere else
  GET  /log?text=b         a line on stdout and one on stderr

On SIGTERM it stops accepting, finishes the requests in flight, closes idle connections and exits 0.
"""

import asyncio
import base64
import hashlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

VERSION = os.environ.get("VERSION", "0")
DATA = Path("/data")
LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 64 * 1024 * 1024
LARGEST_MESSAGE = 1024 * 1024
UNLIMITED_MEMORY = 1024 * 1024 * 1024
EVENT_INTERVAL = 0.2
LINGER = 0.2


class Refused(Exception):
    """A request that gets an error and ends its connection."""

    def __init__(self, status: int) -> None:
        super().__init__(HTTPStatus(status).phrase)
        self.status = status


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def keep_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: tuple[str, ...] = ()


class Draining:
    """Which connections are idle, so that the end of the process cuts nobody short."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.idle: set[asyncio.StreamWriter] = set()
        self.open: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        self.asked.set()
        # A request may be under way on a connection that looks idle: leave it time to arrive.
        asyncio.get_running_loop().call_later(LINGER, self._close_idle)

    def _close_idle(self) -> None:
        for writer in self.idle:
            writer.close()

    async def wait_or_end(self, seconds: float) -> bool:
        """True when the process is to end before the time is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.asked.wait(), seconds)
        return self.asked.is_set()


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, draining: Draining) -> None:
        self.reader, self.writer, self.draining = reader, writer, draining

    async def serve(self) -> None:
        try:
            while await self._answer(await self._read(await self._next_head())):
                pass
        except Refused as refused:
            await self._send(Answer(refused.status, f"{refused}\n".encode()), keep_alive=False)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has gone
        finally:
            self.writer.close()

    async def _next_head(self) -> bytes:
        self.draining.idle.add(self.writer)
        try:
            first = await self.reader.readexactly(1)
        finally:
            self.draining.idle.discard(self.writer)
        try:
            return first + await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Refused(431) from None

    async def _read(self, head: bytes) -> Request:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        try:
            method, target, protocol = first.split(" ")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            url = urlsplit(target)
        except ValueError:
            raise Refused(400) from None
        if protocol != "HTTP/1.1":
            headers.setdefault("connection", "close")
        if headers.get("expect", "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        return Request(method, url.path, query, headers, await self._body(headers))

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks()
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refused(400)
        if int(length) > LARGEST_BODY:
            raise Refused(413)
        return await self.reader.readexactly(int(length))

    async def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            try:
                size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            except (ValueError, asyncio.LimitOverrunError):
                raise Refused(400) from None
            if size < 0 or len(body) + size > LARGEST_BODY:
                raise Refused(413)
            body += await self.reader.readexactly(size)
            if await self.reader.readexactly(2) != b"\r\n":
                raise Refused(400)
            if size == 0:
                return bytes(body)

    async def _answer(self, request: Request) -> bool:
        """Whether the connection may carry another request."""
        if request.path == "/events":
            await self._events()
            return False
        if request.path == "/ws":
            await self._websocket(request)
            return False
        if request.path == "/slow":
            await asyncio.sleep(number(request.query.get("seconds", "1")))
        keep_alive = request.keep_alive and not self.draining.asked.is_set()
        await self._send(respond(request), keep_alive, head_only=request.method == "HEAD")
        if request.path == "/exit":
            sys.stdout.flush()
            os._exit(int(number(request.query.get("code", "0"))) % 256)
        return keep_alive

    async def _send(self, answer: Answer, keep_alive: bool, head_only: bool = False) -> None:
        lines = [
            *answer.headers,
            f"Content-Length: {len(answer.body)}",
            f"Connection: {'keep-alive' if keep_alive else 'close'}",
        ]
        self._start(answer.status, *lines)
        if not head_only:
            self.writer.write(answer.body)
        await self.writer.drain()

    def _start(self, status: int, *lines: str) -> None:
        first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
        self.writer.write("\r\n".join((first, f"X-Version: {VERSION}", *lines, "", "")).encode())

    async def _events(self) -> None:
        self._start(200, "Content-Type: text/event-stream", "Cache-Control: no-store", "Connection: close")
        count = 0
        while not self.writer.is_closing():
            count += 1
            self.writer.write(f"id: {count}\ndata: {count} from {VERSION}\n\n".encode())
            await self.writer.drain()
            if await self.draining.wait_or_end(EVENT_INTERVAL):
                return

    async def _websocket(self, request: Request) -> None:
        key = request.headers.get("sec-websocket-key", "")
        if request.headers.get("upgrade", "").lower() != "websocket" or not key:
            raise Refused(426)
        digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        accept = base64.b64encode(digest).decode()
        self._start(101, "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}")
        echo = asyncio.create_task(WebSocket(self.reader, self.writer).echo())
        asked = asyncio.create_task(self.draining.asked.wait())
        await asyncio.wait({echo, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if echo.done():
            await echo
            return
        echo.cancel()
        self.writer.write(frame(CLOSE, (1001).to_bytes(2, "big")))
        await self.writer.drain()


CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Broken(Exception):
    """A frame that the protocol forbids: the connection closes with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        length = bytes([size])
    elif size < 65536:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes([0x80 | opcode]) + length + payload


class WebSocket:
    """The part of RFC 6455 that an echo needs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.kind = CONTINUATION  # of the message whose fragments are arriving
        self.message = bytearray()

    async def echo(self) -> None:
        try:
            while await self._take(*await self._frame()):
                await self.writer.drain()
        except Broken as broken:
            self.writer.write(frame(CLOSE, broken.code.to_bytes(2, "big")))

    async def _frame(self) -> tuple[bool, int, bytes]:
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        opcode = first & 0x0F
        whole = bool(first & 0x80)
        if first & 0x70 or not second & 0x80 or (opcode >= CLOSE and (size > 125 or not whole)):
            raise Broken(1002)
        if size > LARGEST_MESSAGE:
            raise Broken(1009)
        mask = await self.reader.readexactly(4)
        return whole, opcode, unmasked(await self.reader.readexactly(size), mask)

    async def _take(self, whole: bool, opcode: int, payload: bytes) -> bool:
        """Whether the conversation goes on."""
        if opcode == CLOSE:
            self.writer.write(frame(CLOSE, payload[:2]))
            return False
        if opcode == PING:
            self.writer.write(frame(PONG, payload))
        elif opcode in (CONTINUATION, TEXT, BINARY):
            self._gather(whole, opcode, payload)
        elif opcode != PONG:
            raise Broken(1002)
        return True

    def _gather(self, whole: bool, opcode: int, payload: bytes) -> None:
        if (opcode == CONTINUATION) == (self.kind == CONTINUATION):
            raise Broken(1002)
        self.kind = opcode or self.kind
        self.message += payload
        if len(self.message) > LARGEST_MESSAGE:
            raise Broken(1009)
        if not whole:
            return
        if self.kind == TEXT:
            try:
                self.message.decode()
            except UnicodeDecodeError:
                raise Broken(1007) from None
        self.writer.write(frame(self.kind, bytes(self.message)))
        self.kind = CONTINUATION
        self.message.clear()


def unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    stream = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(400) from None


def text(body: str, status: int = 200) -> Answer:
    return Answer(status, body.encode(), ("Content-Type: text/plain; charset=utf-8",))


def respond(request: Request) -> Answer:
    handler = HANDLERS.get(request.path)
    return handler(request) if handler else text("not found\n", 404)


def greet(_: Request) -> Answer:
    return text(f"hello from {VERSION} on {socket.gethostname()}\n")


def health(_: Request) -> Answer:
    return text("failing\n", 503) if os.environ.get("FAIL_HEALTH") == "1" else text("ok\n")


def variable(request: Request) -> Answer:
    value = os.environb.get(request.query.get("name", "").encode())
    if value is None:
        return text("not set\n", 404)
    return Answer(200, value, ("Content-Type: application/octet-stream",))


def echo(request: Request) -> Answer:
    kind = request.headers.get("content-type", "application/octet-stream")
    digest = hashlib.sha256(request.body).hexdigest()
    return Answer(200, request.body, (f"X-Sha256: {digest}", f"Content-Type: {kind}"))


def data_file(request: Request) -> Path:
    path = (DATA / request.query.get("path", "").lstrip("/")).resolve()
    if not path.is_relative_to(DATA):
        raise Refused(403)
    return path


def write(request: Request) -> Answer:
    try:
        data_file(request).write_text(request.query.get("text", ""))
    except OSError as error:
        return text(f"{error.strerror}\n", 500)
    return text("written\n")


def read(request: Request) -> Answer:
    try:
        return Answer(200, data_file(request).read_bytes())
    except OSError as error:
        return text(f"{error.strerror}\n", 404)


def log(request: Request) -> Answer:
    line = request.query.get("text", "")
    print(line, flush=True)
    print(line, file=sys.stderr, flush=True)
    return text("logged\n")


HANDLERS: dict[str, Callable[[Request], Answer]] = {
    "/": greet,
    "/health": health,
    "/slow": lambda _: text("slow, but here\n"),
    "/env": variable,
    "/echo": echo,
    "/exit": lambda _: text("bye\n"),
    "/write": write,
    "/read": read,
    "/log": log,
}


async def log_for_ever(seconds: float) -> None:
    count = 0
    while True:
        await asyncio.sleep(seconds)
        count += 1
        print(f"line {count}", file=sys.stderr if count % 2 == 0 else sys.stdout, flush=True)


def take_memory() -> None:
    held: list[bytes] = []
    while sum(map(len, held)) < UNLIMITED_MEMORY:
        held.append(b"x" * (8 * 1024 * 1024))
    sys.exit("nobody killed this process: the container has no memory limit below 1 GiB")


def obey_term(draining: Draining) -> None:
    if os.environ.get("NAIVE") == "1":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    elif os.environ.get("IGNORE_TERM") == "1":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, draining.ask)


async def boot(draining: Draining) -> None:
    kind, _, argument = os.environ.get("BOOT", "").partition(":")
    if kind == "exit":
        for line in ("starting", "looking for the configuration", "cannot go on: told to fail"):
            print(line, flush=True)
        sys.exit(int(argument or 1))
    if kind == "oom":
        take_memory()
    if kind == "deaf":
        await draining.asked.wait()
    if kind == "slow":
        await draining.wait_or_end(float(argument or 5))


async def main() -> None:
    draining = Draining()
    obey_term(draining)
    every = float(os.environ.get("LOG_EVERY", "0"))
    logger = asyncio.create_task(log_for_ever(every)) if every else None
    await boot(draining)
    if not draining.asked.is_set():
        await serve(draining)
    if logger:
        logger.cancel()


async def serve(draining: Draining) -> None:
    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(Connection(reader, writer, draining).serve())
        draining.open.add(task)
        task.add_done_callback(draining.open.discard)

    port = int(os.environ.get("PORT", "8000"))
    server = await asyncio.start_server(connected, "0.0.0.0", port, limit=LARGEST_HEAD, backlog=1024)
    print(f"{VERSION} listens on port {port}", flush=True)
    await draining.asked.wait()
    server.close()
    await asyncio.gather(*draining.open, return_exceptions=True)
    print(f"{VERSION} has finished", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
