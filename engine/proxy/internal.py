"""Talking to the running proxy over its internal entry point, which only the management network reaches."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from engine.errors import ProxyFailure
from engine.proxy.compiler import KEY_HEADER, PROBE_HEADER, RELEASE_HEADER, Compiled
from engine.proxy.spec import INTERNAL_PORT

_MARK = re.compile(r"`/revision/(\w+)(?:/(\d+))?`")
_ANSWER_SECONDS = 2.0  # for Traefik's own API


@dataclass(frozen=True, slots=True)
class Loaded:
    """The document that Traefik serves from, and the slot of an archive it came in, if it came in one."""

    revision: str
    slot: int


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What came back through the proxy. `release_id` is None when no route to the application is loaded."""

    status: int
    release_id: str | None


class InternalApi:
    """Traefik's API and our probes. Nothing is remembered: every answer is Traefik's own, of this moment."""

    def __init__(self, address: str, key: str) -> None:
        self._base = f"http://{address}:{INTERNAL_PORT}"
        self._headers = {KEY_HEADER: key, "User-Agent": "Wharfinger"}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    async def loaded(self, seconds: float = _ANSWER_SECONDS) -> Loaded | None:
        """The document in use; None while there is none, or nobody answers in time."""
        try:
            async with self._get("/api/http/routers/revision@file", seconds=seconds) as answer:
                found = _MARK.search((await answer.json())["rule"]) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None
        return Loaded(found[1], int(found[2] or 0)) if found else None

    async def open_connections(self, entry_point: str) -> int | None:
        """The connections that clients have with an entry point; None where nobody tells in time."""
        try:
            # Traefik would take half a MiB to pack its numbers, and keep it.
            async with self._get("/metrics", headers={"Accept-Encoding": "identity"}) as answer:
                return connections_in(await answer.text(), entry_point) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def refused_routers(self) -> AsyncIterator[tuple[str, str]]:
        """(name, reason) of each router that Traefik could not build from the document in use."""
        page = 1
        while page:
            routers, page = await self._refused_page(page)
            for router in routers:
                yield router["name"], "; ".join(router.get("error", ())) or "Traefik does not say why."

    async def probe(self, application_id: str, path: str, host: str, seconds: float) -> ProbeAnswer:
        """One GET through the proxy to the application, as its visitors' requests go, whatever its routes."""
        headers = {PROBE_HEADER: application_id, "Host": host}
        try:
            async with self._get(path, headers=headers, seconds=seconds) as answer:
                return ProbeAnswer(answer.status, answer.headers.get(RELEASE_HEADER))
        except TimeoutError as error:
            raise ProxyFailure(f"No answer to {path} came through the proxy within {seconds:g} s.") from error
        except aiohttp.ClientError as error:
            raise ProxyFailure(f"The proxy cannot be reached: {error}.") from error

    async def _refused_page(self, page: int) -> tuple[list[dict[str, Any]], int]:
        path = f"/api/http/routers?status=disabled&per_page=100&page={page}"
        try:
            async with self._get(path) as answer:
                following = int(answer.headers.get("X-Next-Page", "1"))
                return await answer.json(), following if following > page else 0
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProxyFailure(f"The proxy does not tell which routes it refused: {error}.") from error

    def _get(
        self, path: str, *, headers: dict[str, str] | None = None, seconds: float = _ANSWER_SECONDS
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            # A connection for each question: a kept one may lead to a proxy that is being replaced.
            connector = aiohttp.TCPConnector(force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, headers=self._headers)
        return self._session.get(
            URL(self._base + path, encoded=True),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=seconds),
            allow_redirects=False,
        )


def connections_in(metrics: str, entry_point: str) -> int | None:
    """The connections of an entry point, out of Traefik's numbers in Prometheus' text format."""
    found = re.search(
        rf'^traefik_open_connections{{entrypoint="{entry_point}",[^}}]*}} (\S+)$', metrics, re.MULTILINE
    )
    return int(float(found[1])) if found else None


def loading_deadline(document: Compiled) -> float:
    """Seconds that Traefik gets to load a document.

    Measured: 0.1 s for a small one, and less than 1 s for each megabyte, which is 1,000 applications.
    """
    return 5 + 2 * len(document.text) / 1_000_000


async def every_little_while(deadline: float) -> AsyncIterator[None]:
    """Moments to look again, 10 ms apart at first, then up to 50 ms, until `deadline` seconds are over."""
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + deadline, 0.01
    while loop.time() < end:
        yield
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, 0.05)
