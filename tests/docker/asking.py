"""Asking an application through the proxy, by every way there is, with each answer checked in full."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
import httpx2
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
SENT_SLOWLY = Question("/echo", "", upload=True, sent_over=1.5)

Ask = Callable[[Question], Awaitable[Answer]]


class Exchange:
    began = False


@contextmanager
def failures_told() -> Iterator[Exchange]:
    """Tells apart how an exchange can fail; `began` is to be set when the answer has begun."""
    state = Exchange()
    try:
        yield state
    except (TimeoutError, httpx2.TimeoutException):
        raise Wrong(f"silent: {'no end' if state.began else 'no answer'} within {PATIENCE:g} s") from None
    except InvalidStatus:
        raise  # an answer, if not the one that was hoped for
    except (aiohttp.ClientConnectorError, httpx2.ConnectError, ConnectionRefusedError) as error:
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
                with failures_told() as exchange:
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
                with failures_told() as exchange:
                    async with client.stream(method, self.url(question.path), content=question.content) as answer:
                        exchange.began = True
                        return _answer(answer.status_code, answer.headers, await answer.aread())

            yield ask


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    return Answer(status, headers.get("X-Version", "?"), headers.get("X-Sha256", "?"), body)
