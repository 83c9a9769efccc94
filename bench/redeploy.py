"""What visitors get while an application is redeployed under them."""

import asyncio
import time
from collections import Counter

import aiohttp

from bench.report import Figure, spread
from bench.server import redeployed, running_server
from bench.sizes import Sizes
from tests.docker.world import Application

_MOST_PER_SECOND = 1000
_SECONDS_PER_REDEPLOY = 6.0
_ANSWERED_WITHIN = aiohttp.ClientTimeout(total=15)


class _Visitors:
    """Requests of several kinds, a given number at most, not more per second than lasts for all redeploys."""

    def __init__(self, url: str, host: str, most: int) -> None:
        self.made = 0
        self.wrong: Counter[str] = Counter()
        self._url = url
        self._host = host
        self._most = most
        self._start = time.monotonic()
        self._stopped = False

    async def run(self) -> None:
        """Make requests until stopped, or until there were enough."""
        kept, fresh = aiohttp.TCPConnector(), aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=kept) as few, aiohttp.ClientSession(connector=fresh) as many:
            await asyncio.gather(
                *(self._visit(few, "GET", "/", "hello") for _ in range(3)),
                # What is posted is sent once: neither the client nor the proxy tries again by itself.
                *(self._visit(few, "POST", "/echo", "an echo") for _ in range(3)),
                *(self._visit(many, "GET", "/", "hello") for _ in range(3)),
                *(self._visit(few, "GET", "/slow?seconds=2", "slow") for _ in range(4)),
            )

    def stop(self) -> None:
        """Begin no more requests; those under way go on to their end."""
        self._stopped = True

    @property
    def going_on(self) -> bool:
        return not self._stopped and self.made < self._most

    async def _visit(self, session: aiohttp.ClientSession, method: str, path: str, beginning: str) -> None:
        while self.going_on:
            self.made += 1
            await asyncio.sleep(self._start + self.made / _MOST_PER_SECOND - time.monotonic())
            if wrong := await self._ask(session, method, path, beginning):
                self.wrong[f"{method} {path}: {wrong}"] += 1

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: str, beginning: str) -> str | None:
        """What is wrong with the answer; None when nothing is."""
        body = b"an echo" if method == "POST" else None
        headers = {"Host": self._host}
        try:
            async with session.request(
                method, self._url + path, data=body, headers=headers, timeout=_ANSWERED_WITHIN
            ) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            return repr(error)
        return None if answer.status == 200 and text.startswith(beginning) else f"{answer.status} {text[:80]!r}"


async def measure(sizes: Sizes) -> list[Figure]:
    async with running_server() as server:
        environment = await server.environment("bench")
        application = await server.deployed(environment, "redeploy", healthCheck={"kind": "HTTP", "path": "/health"})
        visitors = _Visitors(f"http://127.0.0.1:{server.http_port}", application.host, sizes.requests)
        async with asyncio.TaskGroup() as group:
            group.create_task(visitors.run())
            done = await _redeploy(application, visitors, sizes)
            visitors.stop()
    for wrong, times in visitors.wrong.most_common(10):
        print(f"  {times} x {wrong}")
    return [_figure(visitors, done)]


async def _redeploy(application: Application, visitors: _Visitors, sizes: Sizes) -> list[int]:
    """Wrong answers during each redeploy that began under requests: they are spread over all of these."""
    start, done = time.monotonic(), list[int]()
    while len(done) < sizes.redeploys and visitors.going_on:
        before = visitors.wrong.total()
        await redeployed(application)
        done.append(visitors.wrong.total() - before)
        while visitors.going_on and visitors.made < len(done) * sizes.requests / sizes.redeploys:
            if time.monotonic() > start + len(done) * _SECONDS_PER_REDEPLOY:
                break
            await asyncio.sleep(0.02)
    return done


def _figure(visitors: _Visitors, done: list[int]) -> Figure:
    return Figure(
        name="redeploy_wrong_answers",
        value=visitors.wrong.total(),
        unit="answers",
        limit=0,
        against=f"every request during {len(done)} redeploys; the spread is that of wrong answers per redeploy",
        samples=visitors.made,
        spread=spread(done),
    )
