"""Visitors: many requests of several kinds, and what was wrong with the answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.docker.world import Application


@dataclass(slots=True)
class Visits:
    """What happened so far. `versions` counts the answers of each version of the application."""

    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    counted: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def reach(self, number: int) -> None:
        """Wait until this many more requests were answered or have failed."""
        goal = self.answered + len(self.wrong) + number
        async with asyncio.timeout(30), self.counted:
            await self.counted.wait_for(lambda: self.answered + len(self.wrong) >= goal)

    async def note(self, status: int | None, version: str) -> None:
        """One more request: its status (None: no answer) and who answered, or what went wrong."""
        async with self.counted:
            if status is not None:
                self.answered += 1
                self.versions[version] = self.versions.get(version, 0) + 1
            if status != 200:
                self.wrong.append(version if status is None else f"status {status}")
            self.counted.notify_all()


@asynccontextmanager
async def visitors(application: Application) -> AsyncGenerator[Visits]:
    """Requests without a pause: on kept connections, on fresh ones, and some that last for a second."""
    visits, stop = Visits(), asyncio.Event()
    kinds: list[Callable[[Application, Visits, asyncio.Event], Coroutine[object, object, None]]] = [
        _on_kept_connections,
        _on_kept_connections,
        _on_fresh_connections,
        _slowly,
        _slowly,
    ]
    tasks = [asyncio.create_task(kind(application, visits, stop)) for kind in kinds]
    await visits.reach(20)
    try:
        yield visits
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _on_kept_connections(application: Application, visits: Visits, stop: asyncio.Event) -> None:
    async with aiohttp.ClientSession() as session:
        while not stop.is_set():
            await _visit(application, visits, session, "/")


async def _on_fresh_connections(application: Application, visits: Visits, stop: asyncio.Event) -> None:
    while not stop.is_set():
        async with aiohttp.ClientSession() as session:
            await _visit(application, visits, session, "/")


async def _slowly(application: Application, visits: Visits, stop: asyncio.Event) -> None:
    async with aiohttp.ClientSession() as session:
        while not stop.is_set():
            await _visit(application, visits, session, "/slow?seconds=1")


async def _visit(application: Application, visits: Visits, session: aiohttp.ClientSession, path: str) -> None:
    url = f"http://127.0.0.1:{application.world.http_port}{path}"
    try:
        async with session.get(url, headers={"Host": application.host}) as answer:
            await answer.read()
            await visits.note(answer.status, answer.headers.get("X-Version", "?"))
    except aiohttp.ClientError as error:
        await visits.note(None, repr(error))
