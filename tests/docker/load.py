"""Visitors: requests, uploads, websockets and server-sent events, and each answer checked in full."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.docker.visits import NOWHERE, PAGE, Visits, Wrong
from tests.docker.world import Application

PATIENCE = 15.0
UPLOAD = bytes(range(256)) * (5 * 4096)  # 5 MiB
_DIGEST = hashlib.sha256(UPLOAD).hexdigest()
_PIECES = 20
_PAGES = {503: PAGE, 404: NOWHERE}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    version: str
    digest: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and how its answer begins. `sent_over` spreads an upload over so many seconds."""

    path: str
    beginning: str
    upload: bool = False
    sent_over: float = 0.0

    @property
    def content(self) -> bytes | AsyncIterator[bytes] | None:
        if not self.upload:
            return None
        return self._pieces() if self.sent_over else UPLOAD

    async def _pieces(self) -> AsyncIterator[bytes]:
        size = len(UPLOAD) // _PIECES
        for start in range(0, len(UPLOAD), size):
            yield UPLOAD[start : start + size]
            await asyncio.sleep(self.sent_over / _PIECES)

    def check(self, answer: Answer) -> None:
        """Raises `Wrong` for a body that is not what was asked for."""
        if self.upload:
            if answer.digest != _DIGEST:
                raise Wrong(f"wrong digest: {answer.digest!r} of an upload whose digest is {_DIGEST}")
            if answer.body != UPLOAD:
                raise Wrong(f"wrong body: {len(answer.body)} bytes that are not what was uploaded")
        elif not answer.body.startswith(self.beginning.format(answer.version).encode()):
            raise Wrong(f"wrong body: {answer.body[:80]!r} from {answer.version}")


HELLO = Question("/", "hello from {} on ")
SLOW = Question("/slow?seconds=2", "slow, but here")
LESS_SLOW = Question("/slow?seconds=1", "slow, but here")
SENT = Question("/echo", "", upload=True)
SENT_SLOWLY = Question("/echo", "", upload=True, sent_over=1.5)

Ask = Callable[[Question], Awaitable[Answer]]


class _Exchange:
    began = False


@contextmanager
def _exchange() -> Iterator[_Exchange]:
    """Tells apart how an exchange can fail; `began` is to be set when the answer has begun."""
    state = _Exchange()
    try:
        yield state
    except (TimeoutError, httpx2.TimeoutException):
        raise Wrong(f"silent: {'no end' if state.began else 'no answer'} within {PATIENCE:g} s") from None
    except InvalidStatus:
        raise  # an answer, if not the one that was hoped for
    except (aiohttp.ClientConnectorError, httpx2.ConnectError) as error:
        raise Wrong(f"refused: {error}") from None
    except (aiohttp.ClientError, httpx2.TransportError, ConnectionClosed, InvalidHandshake, OSError) as error:
        raise Wrong(f"{'truncated' if state.began else 'reset'}: {error!r}") from None


class Load:
    """What the visitors of one application share: where it is, how fast they may be, and when to stop."""

    def __init__(self, application: Application, visits: Visits, per_second: float) -> None:
        self.application = application
        self.visits = visits
        self.stop = asyncio.Event()
        self._interval = 1 / per_second
        self._next_turn = 0.0

    @property
    def headers(self) -> dict[str, str]:
        return {"Host": self.application.host}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.application.world.http_port}{path}"

    async def turns(self) -> AsyncIterator[None]:
        """Each time it is a visitor's turn, until all are to stop."""
        while not self.stop.is_set():
            now = asyncio.get_running_loop().time()
            self._next_turn = max(self._next_turn + self._interval, now)
            await asyncio.sleep(self._next_turn - now)
            yield

    async def keep_asking(self, kind: str, ask: Ask, question: Question) -> None:
        async for _ in self.turns():
            floor = self.visits.floor
            async with self.visits.one(kind):
                self._check(question, await ask(question), floor)

    def _check(self, question: Question, answer: Answer, floor: int) -> None:
        if answer.status == 200:
            question.check(answer)
            self.visits.place(answer.version, floor)
        else:
            self.check_page(answer.status, answer.body, floor)

    def check_page(self, status: int, body: bytes, floor: int) -> None:
        """Raises `Wrong` unless it is a page of ours, and its time has come."""
        if status not in _PAGES or b"<html" not in body:
            raise Wrong(f"status {status}: {body[:80]!r}")
        self.visits.place(_PAGES[status], floor)

    @asynccontextmanager
    async def http1(self, fresh: bool = False) -> AsyncGenerator[Ask]:
        """Asks by POST: what aiohttp gets, it would ask again by itself after a reset."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=fresh, limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
            headers=self.headers,
        ) as session:

            async def ask(question: Question) -> Answer:
                with _exchange() as exchange:
                    async with session.post(self.url(question.path), data=question.content) as answer:
                        exchange.began = True
                        return _answer(answer.status, answer.headers, await answer.read())

            yield ask

    @asynccontextmanager
    async def client(self, *, http2: bool) -> AsyncGenerator[httpx2.AsyncClient]:
        """HTTP/2 without encryption, as one who knows beforehand that it is spoken; or HTTP/1.1."""
        async with httpx2.AsyncClient(
            http1=not http2, http2=http2, headers=self.headers, timeout=PATIENCE, trust_env=False
        ) as client:
            yield client

    @asynccontextmanager
    async def get_or_post(self, *, http2: bool) -> AsyncGenerator[Ask]:
        """Asks once, by GET unless there is something to send."""
        async with self.client(http2=http2) as client:

            async def ask(question: Question) -> Answer:
                method = "POST" if question.upload else "GET"
                with _exchange() as exchange:
                    async with client.stream(method, self.url(question.path), content=question.content) as answer:
                        exchange.began = True
                        return _answer(answer.status_code, answer.headers, await answer.aread())

            yield ask


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    return Answer(status, headers.get("X-Version", "?"), headers.get("X-Sha256", "?"), body)


Kind = Callable[[Load], Coroutine[object, object, None]]


def _http1(kind: str, question: Question, fresh: bool = False) -> Kind:
    async def run(load: Load) -> None:
        async with load.http1(fresh) as ask:
            await load.keep_asking(kind, ask, question)

    return run


def _plain(kind: str, *questions: Question, http2: bool = False) -> Kind:
    """All on one connection, side by side, when it is HTTP/2."""

    async def run(load: Load) -> None:
        async with load.get_or_post(http2=http2) as ask:
            await asyncio.gather(*(load.keep_asking(kind, ask, question) for question in questions))

    return run


async def websocket(load: Load) -> None:
    """Says something ten times a second, and hears it again, until the other side closes."""
    async for _ in load.turns():
        floor = load.visits.floor
        async with load.visits.one("websocket"):
            try:
                with _exchange() as exchange:
                    await _converse(load, floor, exchange)
            except InvalidStatus as refusal:
                load.check_page(refusal.response.status_code, bytes(refusal.response.body or b""), floor)


async def _converse(load: Load, floor: int, exchange: _Exchange) -> None:
    uri, port = f"ws://{load.application.host}/ws", load.application.world.http_port
    async with connect(uri, host="127.0.0.1", port=port, proxy=None, open_timeout=PATIENCE) as socket:
        exchange.began = True
        assert socket.response is not None
        place = load.visits.place(socket.response.headers["X-Version"], floor)
        try:
            for number in range(1_000_000):
                await socket.send(f"number {number}")
                async with asyncio.timeout(PATIENCE):
                    heard = await socket.recv()
                if heard != f"number {number}":
                    raise Wrong(f"wrong echo: {heard!r} to {number}")
                await asyncio.sleep(0.1)
                if load.stop.is_set():
                    return
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise
            load.visits.ended(place)


def _events(kind: str, *, http2: bool) -> Kind:
    async def run(load: Load) -> None:
        async with load.client(http2=http2) as client:
            async for _ in load.turns():
                floor = load.visits.floor
                async with load.visits.one(kind):
                    with _exchange() as exchange:
                        await _listen(load, client, floor, exchange)

    return run


async def _listen(load: Load, client: httpx2.AsyncClient, floor: int, exchange: _Exchange) -> None:
    """Every event in its turn, until the other side ends the stream."""
    async with client.stream("GET", load.url("/events")) as answer:
        exchange.began = True
        if answer.status_code != 200:
            load.check_page(answer.status_code, await answer.aread(), floor)
            return
        version, number = answer.headers["X-Version"], 0
        place = load.visits.place(version, floor)
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                number += 1
                if line != f"data: {number} from {version}":
                    raise Wrong(f"wrong event: {line!r} in place {number}")
            if load.stop.is_set():
                return
        load.visits.ended(place)


ONE_BY_ONE = _http1("HTTP/1.1, kept", HELLO)
SHORT: tuple[Kind, ...] = (
    ONE_BY_ONE,
    ONE_BY_ONE,
    _http1("HTTP/1.1, fresh", HELLO, fresh=True),
    _http1("HTTP/1.1, slow", LESS_SLOW),
    _http1("HTTP/1.1, slow", LESS_SLOW),
)
"""Requests that end: short and long ones, on kept and on fresh connections."""

EVERYTHING: tuple[Kind, ...] = (
    ONE_BY_ONE,
    _http1("HTTP/1.1, fresh", HELLO, fresh=True),
    _http1("HTTP/1.1, slow", SLOW),
    _http1("HTTP/1.1, upload", SENT_SLOWLY),
    _plain("HTTP/1.1, got", HELLO),
    _plain("HTTP/2", HELLO, HELLO, HELLO, http2=True),
    _plain("HTTP/2, slow", SLOW, SLOW, http2=True),
    _plain("HTTP/2, upload", SENT_SLOWLY, http2=True),
    websocket,
    _events("server-sent events over HTTP/1.1", http2=False),
    _events("server-sent events over HTTP/2", http2=True),
)
"""One of each kind of visitor that there is."""


@asynccontextmanager
async def visitors(
    application: Application, kinds: tuple[Kind, ...] = SHORT, *, per_second: float = 400, grace: float = 0.0
) -> AsyncGenerator[Visits]:
    """Visitors of these kinds, without a pause, at most so many requests a second in all.

    The version that answers now is expected, and no other: `Visits.expect` tells them of the next. `grace`
    is the application's grace period in seconds, which open streams may rely on.
    """
    visits = Visits((await application.get()).headers["X-Version"], grace)
    load = Load(application, visits, per_second)
    tasks = [asyncio.create_task(kind(load)) for kind in kinds]
    try:
        await visits.until(lambda: visits.versions.total() >= len(kinds))
        yield visits
    finally:
        load.stop.set()
        await asyncio.gather(*tasks)


async def take_over(
    application: Application, visits: Visits, version: str, verb: str = "deploy", **changes: object
) -> None:
    """Have the release that answers as `version` take over; once that is said, nobody else may answer."""
    if changes:
        await application.change(**changes)
    visits.expect(version)
    assert (await application.deploy(verb))["status"] == "SUCCEEDED"
    visits.settle()
