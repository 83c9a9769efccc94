"""A thousand subscribers on one busy topic, told by Wharfinger and by Node's graphql-ws.

Both tell the same messages of the same schema to the same listeners, without compression, each server on a core of
its own and the listeners on the other. Wharfinger's events are changes of an application: each is a mutation, which
is checked and written to its database. The other side is at its best: see node/fanout.mjs; it is handed
finished events, twenty in a request as here.
"""

import asyncio
import json
import os
import resource
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import aiohttp

from bench.listeners import Audience
from bench.report import Figure, noise, spread
from bench.rivals import LOADS_CORE, pin, serving
from bench.server import Server, running_server
from bench.sizes import Sizes
from bench.turns import by_turns
from tests.docker.world import Application

_SCHEMA = "graph/schema.graphql"
_EVENTS = """subscription($id: ID!, $after: Cursor) { applicationEvents(applicationId: $id, after: $after) {
    __typename cursor at applicationId ... on ResourceUpdated { noun id name changed } } }"""
IN_A_REQUEST = 20  # changes
_REQUESTS = 3
_SETTLED_SECONDS = 0.1


@dataclass
class Topic:
    """Something that happens again and again, on one side, and everybody who is told."""

    audience: Audience
    happen: Callable[[int], Awaitable[object]]  # so many events, at most 20
    told: int = 0

    async def rate(self) -> float:
        """Messages per second, from the first request until the last subscriber has the last message."""
        await asyncio.sleep(_SETTLED_SECONDS)
        began = time.perf_counter()
        for _ in range(_REQUESTS):
            await self.happen(IN_A_REQUEST)
        self.told += _REQUESTS * IN_A_REQUEST
        ended = await self.audience.until_told(self.told)
        return len(self.audience) * _REQUESTS * IN_A_REQUEST / (ended - began)

    async def delay(self) -> float:
        """Milliseconds from the request that makes one event until the last subscriber has its message."""
        await asyncio.sleep(_SETTLED_SECONDS)
        self.told += 1
        began = time.perf_counter()
        request = asyncio.ensure_future(self.happen(1))
        ended = await self.audience.until_told(self.told)
        await request
        return (ended - began) * 1000


class Changes:
    """Changes of one application, each of which is one event."""

    def __init__(self, server: Server, application: Application) -> None:
        self._server = server
        self._application = application
        self._number = 0

    async def __call__(self, count: int) -> None:
        """Make so many in one request, one after the other."""
        declared, asked, variables = [], [], {}
        for each in range(count):
            self._number += 1
            declared.append(f"$v{each}: SetEnvironmentVariablesInput!")
            asked.append(f"n{each}: setEnvironmentVariables(input: $v{each}) {{ errors {{ message }} }}")
            value = {"name": "NAME", "value": str(self._number)}
            variables[f"v{each}"] = {"applicationId": self._application.id, "variables": [value]}
        document = f"mutation({', '.join(declared)}) {{ {' '.join(asked)} }}"
        answer = await self._server.client.ask(document, **variables)
        if any(each["errors"] for each in answer.values()):
            raise RuntimeError(f"A change was refused: {answer}")


async def measure(sizes: Sizes) -> list[Figure]:
    allow_open_files()
    async with _two_topics(sizes.subscribers) as (ours, theirs):
        rates = await by_turns(ours.rate, theirs.rate, sizes.fanout_runs)
        delays = await by_turns(ours.delay, theirs.delay, sizes.fanout_runs)
    return [_rate_figure(rates, sizes.subscribers), _delay_figure(delays, sizes.subscribers)]


@asynccontextmanager
async def _two_topics(subscribers: int) -> AsyncGenerator[tuple[Topic, Topic]]:
    async with AsyncExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        server = await stack.enter_async_context(running_server())
        os.sched_setaffinity(0, {LOADS_CORE})
        pin(server.pid)
        ours = await own_topic(stack, server, subscribers)
        await ours.happen(IN_A_REQUEST)
        ours.told += IN_A_REQUEST
        await ours.audience.until_told(ours.told)
        theirs = await _their_topic(stack, ours.audience, subscribers)
        yield ours, theirs
        told = (each.audience.first[:IN_A_REQUEST] for each in (ours, theirs))
        if any(json.loads(mine) != json.loads(other) for mine, other in zip(*told, strict=True)):
            raise RuntimeError("The two sides do not tell the same.")


async def own_topic(stack: AsyncExitStack, server: Server, subscribers: int) -> Topic:
    """An application of the server, with so many subscribers to its events."""
    application = await server.application(await server.environment("bench"), "events")
    after = (await server.client.ask("{ eventCursor }"))["eventCursor"]
    audience = Audience(server.port, _EVENTS, server.token, {"id": application.id, "after": after})
    stack.callback(audience.close)
    await audience.open(subscribers)
    return Topic(audience, Changes(server, application))


async def _their_topic(stack: AsyncExitStack, known: Audience, subscribers: int) -> Topic:
    port = await stack.enter_async_context(serving("fanout.mjs", _SCHEMA))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    events = [_event(message) for message in known.first[:IN_A_REQUEST]]
    audience = Audience(port, _EVENTS, "", {"id": events[0]["applicationId"]})
    stack.callback(audience.close)
    await audience.open(subscribers)

    async def happen(count: int) -> None:
        async with session.post(f"http://127.0.0.1:{port}/publish", json=events[:count]) as response:
            await response.read()

    return Topic(audience, happen)


def _event(message: bytes) -> Any:
    return json.loads(message)["payload"]["data"]["applicationEvents"]


def allow_open_files() -> None:
    """Each subscriber is a connection, here and in the server, which inherits the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _rate_figure(pairs: Sequence[tuple[float, float]], subscribers: int) -> Figure:
    ours, theirs = zip(*pairs, strict=True)
    ratios = [mine / other for mine, other in pairs]
    against = (
        f"graphql-ws on Node: {median(theirs):,.0f} messages/s to {subscribers} subscribers, ours {median(ours):,.0f}"
    )
    return Figure(
        "fanout_ratio", round(median(ratios), 2), "ratio", 1, against, len(pairs), spread(ratios), noise(theirs), True
    )


def _delay_figure(pairs: Sequence[tuple[float, float]], subscribers: int) -> Figure:
    """How many times as long the last one waits there."""
    ours, theirs = zip(*pairs, strict=True)
    ratios = [other / mine for mine, other in pairs]
    against = (
        f"graphql-ws on Node: the last of {subscribers} is told after {median(theirs):.1f} ms, "
        f"ours after {median(ours):.1f} ms, its mutation included"
    )
    value, samples = round(median(ratios), 2), len(pairs)
    return Figure("fanout_last_delay_ratio", value, "ratio", 1, against, samples, spread(ratios), noise(theirs), True)
