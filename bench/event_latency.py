"""From Docker's event to the message at the last subscriber, beyond what Docker's own stream of events takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from statistics import median

import aiodocker
import aiohttp
from aiodocker.containers import DockerContainer

from bench.fanout import allow_open_files
from bench.report import Figure, spread
from bench.server import Server, running_server
from bench.sizes import Sizes
from tests.docker.world import Application

_EVENTS = """subscription($id: ID!, $after: Cursor) { applicationEvents(applicationId: $id, after: $after) {
    cursor ... on ContainerStateChanged { state ready } } }"""
_LIMITS = {1: 10.0, 1000: 150.0}
_TOLD_WITHIN = 30.0
_SETTLED_SECONDS = 0.3
_OPENED_AT_ONCE = 50

Latencies = tuple[list[float], list[float]]  # of the ends and of the starts of a container


class _Audience:
    """Subscribers, each on a socket of its own, and one reader of Docker's own stream."""

    def __init__(self, sockets: list[aiohttp.ClientWebSocketResponse], container: DockerContainer) -> None:
        self._sockets = sockets
        self._container = container

    async def told(self, action: str, act: Callable[[], Awaitable[object]], state: str) -> float:
        """Milliseconds from Docker's event of this action until the last one has the message of this state."""
        docker = asyncio.create_task(self._docker_says(action))
        messages = asyncio.gather(*(_until(socket, f'"state":"{state}"') for socket in self._sockets))
        async with asyncio.timeout(_TOLD_WITHIN):
            await asyncio.sleep(_SETTLED_SECONDS)
            await act()
            return (max(await messages) - await docker) * 1000

    async def until_ready(self) -> None:
        """Read everything there is up to the message that the container serves."""
        async with asyncio.timeout(_TOLD_WITHIN):
            await asyncio.gather(*(_until(socket, '"ready":true') for socket in self._sockets))

    async def _docker_says(self, action: str) -> float:
        async with aiodocker.Docker() as docker:
            wanted = {"container": [self._container.id]}
            events = docker.events.subscribe(filters=wanted)  # type: ignore[no-untyped-call]  # aiodocker's has no types
            while (await events.get())["Action"] != action:
                pass
            return time.perf_counter()


async def _until(socket: aiohttp.ClientWebSocketResponse, part: str) -> float:
    while part not in await socket.receive_str():
        pass
    return time.perf_counter()


async def measure(sizes: Sizes) -> list[Figure]:
    allow_open_files()
    async with running_server() as server, aiodocker.Docker() as docker:
        environment = await server.environment("bench")
        # Nobody but us starts it again, so that there is one change at a time.
        application = await server.deployed(environment, "events", restartPolicy="NEVER")
        labels = [f"wharf.instance={server.instance_id}", "wharf.kind=application"]
        container, *_ = await docker.containers.list(filters={"label": labels})
        return [
            _figure(number, subscribers, await _latencies(server, application, container, subscribers, sizes.events))
            for number, subscribers in ((1, 1), (1000, sizes.subscribers))
        ]


async def _latencies(
    server: Server, application: Application, container: DockerContainer, subscribers: int, events: int
) -> Latencies:
    after = (await server.client.ask("{ eventCursor }"))["eventCursor"]
    deaths, starts = [], []
    async with AsyncExitStack() as stack:
        sockets = await _subscribed(stack, server, subscribers, {"id": application.id, "after": after})
        audience = _Audience(sockets, container)
        for _ in range(events + 1):
            deaths.append(await audience.told("die", container.kill, "EXITED"))
            starts.append(await audience.told("start", container.start, "RUNNING"))
            await audience.until_ready()
    return deaths[1:], starts[1:]  # the first round only shows that everybody listens


async def _subscribed(
    stack: AsyncExitStack, server: Server, number: int, variables: dict[str, object]
) -> list[aiohttp.ClientWebSocketResponse]:
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    sockets: list[aiohttp.ClientWebSocketResponse] = []
    while len(sockets) < number:
        several = range(min(_OPENED_AT_ONCE, number - len(sockets)))
        opened = await asyncio.gather(*(_subscribe(session, server, variables) for _ in several))
        sockets.extend(opened)
    return sockets


async def _subscribe(
    session: aiohttp.ClientSession, server: Server, variables: dict[str, object]
) -> aiohttp.ClientWebSocketResponse:
    url = f"ws://127.0.0.1:{server.port}/graphql"
    socket = await session.ws_connect(url, protocols=["graphql-transport-ws"])
    await socket.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {server.token}"}})
    await socket.receive_json()
    payload = {"query": _EVENTS, "variables": variables}
    await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
    return socket


def _figure(number: int, subscribers: int, found: Latencies) -> Figure:
    """The slower kind of event counts."""
    of_deaths, of_starts = map(median, found)
    slower = max(found, key=median)
    return Figure(
        name=f"event_latency_ms_{number}",
        value=round(median(slower), 2),
        unit="ms",
        limit=_LIMITS[number],
        against=f"Docker's event stream; the last of {subscribers}: start {of_starts:.1f} ms, end {of_deaths:.1f} ms",
        samples=len(slower),
        spread=spread(slower),
    )
