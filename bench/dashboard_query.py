"""What a dashboard asks for, answered by Wharfinger and by Node's Fastify with mercurius from the same rows.

Each server is one process on a core of its own; wrk asks from the other, on a few connections that it keeps. The
other side is at its best: see node/server.mjs. It only looks a token up, where Wharfinger checks what its holder may
see; both read the database anew for each request.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aiohttp

from bench.report import Figure, noise, spread
from bench.rivals import Asked, pin, serving
from bench.server import Server, running_server
from bench.sizes import Sizes
from db.sessions import Sessions
from graph.ids import local_id
from tests.graph.api.rows import add_failed_deployments

_SCHEMA = Path(__file__).parents[1] / "graph" / "schema.graphql"
_APPLICATIONS, _ENVIRONMENTS = 100, 4

QUERIES = {
    "dashboard_query": (
        "{ applications(first: 100) { nodes {"
        " id name image status desiredState port replicas strategy maintenance memoryLimit createdAt updatedAt } } }"
    ),
    "nested_query": (
        "{ applications(first: 100) { nodes { id name status"
        " environment { id name project { id name } }"
        " domains { id url }"
        " latestDeployment { id number status createdAt finishedAt } } } }"
    ),
}


class _Round(NamedTuple):
    """Requests per second of each side: Wharfinger, mercurius, and mercurius that compiles."""

    ours: float
    theirs: float
    compiled: float


async def measure(sizes: Sizes) -> list[Figure]:
    async with running_server() as server, _sides(server) as ports:
        directory, token = server.directory, server.token
        found = {}
        for name, query in QUERIES.items():
            await _check_same(server, ports, query)
            asked = Asked.of(directory, name, query, token)
            found[name] = await _rounds(asked, ports, sizes)
            print(_told(name, found[name]), flush=True)
    return [_figure(found["dashboard_query"])]


@asynccontextmanager
async def _sides(server: Server) -> AsyncGenerator[Mapping[str, int]]:
    """The ports of all sides, which have the same rows behind them."""
    await _fill(server)
    pin(server.pid)
    files = str(_SCHEMA), str(server.directory / "data" / "wharf.db")
    async with AsyncExitStack() as stack:
        theirs = await stack.enter_async_context(serving("server.mjs", *files))
        compiled = await stack.enter_async_context(serving("server.mjs", *files, "jit"))
        yield {"ours": server.port, "theirs": theirs, "compiled": compiled}


async def _fill(server: Server) -> None:
    """Applications, each with a domain and a deployment that has failed."""
    environments = [await server.environment(f"project-{number}") for number in range(_ENVIRONMENTS)]
    made = []
    for number in range(_APPLICATIONS):
        environment = environments[number % _ENVIRONMENTS]
        application = await server.application(environment, f"application-{number}", memoryLimit="256MiB")
        made.append(local_id("Application", application.id))
    sessions = Sessions(f"sqlite:///{server.directory / 'data' / 'wharf.db'}")
    try:
        for key in made:
            await sessions.write(add_failed_deployments, key, 1)
    finally:
        sessions.close()


async def _check_same(server: Server, ports: Mapping[str, int], query: str) -> None:
    """All sides give the same answer, with all that was asked for in it."""
    answers = {}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {server.token}"}) as session:
        for name, port in ports.items():
            for _ in range(5):  # what is compiled is so only after some
                async with session.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}) as answer:
                    answers[name] = await answer.json(content_type=None)
    first, *others = answers.values()
    if "errors" in first or len(first["data"]["applications"]["nodes"]) != _APPLICATIONS:
        raise RuntimeError(f"Wharfinger did not answer what was asked: {str(first)[:500]}")
    if any(other != first for other in others):
        raise RuntimeError(f"The answers differ:\n{str(first)[:500]}\n{str(others[0])[:500]}")


async def _rounds(asked: Asked, ports: Mapping[str, int], sizes: Sizes) -> list[_Round]:
    """Rounds in which each side is asked once, each time another one first; one before them does not count."""
    rounds, order = [], list(ports)
    for number in range(sizes.query_rounds + 1):
        order = [*order[1:], order[0]]
        rates = {}
        for name in order:
            rates[name] = await asked.per_second(ports[name], sizes.query_seconds)
            await asyncio.sleep(0.1)  # whatever is still to be collected is not the next one's
        if number:
            rounds.append(_Round(**rates))
    return rounds


def _told(name: str, rounds: list[_Round]) -> str:
    ours, theirs, compiled = (median(side) for side in zip(*rounds, strict=True))
    return (
        f"  {name}_ratio {_ratio(rounds):.3f} (ours {ours:.0f}/s, mercurius {theirs:.0f}/s), "
        f"{name}_ratio_jit {_ratio_compiled(rounds):.3f} (mercurius with its JIT {compiled:.0f}/s)"
    )


def _ratio(rounds: list[_Round]) -> float:
    return median(each.ours / each.theirs for each in rounds)


def _ratio_compiled(rounds: list[_Round]) -> float:
    return median(each.ours / each.compiled for each in rounds)


def _figure(rounds: list[_Round]) -> Figure:
    ours, theirs, compiled = (median(side) for side in zip(*rounds, strict=True))
    return Figure(
        name="dashboard_query_ratio",
        value=round(_ratio(rounds), 3),
        unit="ratio",
        limit=1,
        against=(
            f"Fastify with mercurius {theirs:.0f}/s, ours {ours:.0f}/s; "
            f"with its JIT {compiled:.0f}/s, of which ours is {_ratio_compiled(rounds):.2f}"
        ),
        samples=len(rounds),
        spread=spread([each.ours / each.theirs for each in rounds]),
        noise=noise([each.theirs for each in rounds]),
        at_least=True,
    )
