"""What was opened ends with what it rests on: within a second, with 4403."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from db.models import Role
from graph.http import GraphQLView
from graph.root import schema
from graph.sockets import Sockets
from tests.graph.api.conftest import Api
from tests.graph.api.members import member
from tests.graph.conftest import Served, serving
from tests.graph.sockets import ACK, Socket, raw, subscribe
from wharf.app import close_revoked

MANY = 50
MOST_SECONDS = 1.0
EVENTS = "subscription { events { cursor } }"

Ending = Callable[[Api, str, str], Awaitable[Any]]


@pytest.fixture
async def served(api: Api) -> AsyncIterator[Served]:
    """The whole API behind a real server on a real port."""
    sockets = Sockets()
    api.engine.events.on_event(partial(close_revoked, sockets))
    view = GraphQLView(schema, engine=api.engine, authenticate=api.engine.tokens.authenticate, sockets=sockets)
    async with serving(view) as port:
        yield Served(f"127.0.0.1:{port}", sockets)


async def revoke(api: Api, token: str, _membership: str) -> None:
    await api.do("revokeApiToken", "removedId", tokenId=token)


async def take_out(api: Api, _token: str, membership: str) -> None:
    await api.do("removeMembership", "removedId", membershipId=membership)


async def let_do_less(api: Api, _token: str, membership: str) -> None:
    await api.do("updateMembership", "membership { role }", membershipId=membership, role="VIEWER")


@pytest.mark.parametrize("end", [revoke, take_out, let_do_less])
async def test_fifty_subscriptions_end_within_a_second_and_nobody_elses(
    api: Api, served: Served, end: Ending
) -> None:
    ann, bob = await member(api, "ann", Role.OWNER), await member(api, "bob", Role.DEVELOPER)
    mine, _ = await token(api, ann)
    theirs, theirs_id = await token(api, bob)
    members = (await api.ask("{ teams { memberships { id user { name } } } }"))["teams"][0]["memberships"]
    (membership,) = (each["id"] for each in members if each["user"]["name"] == "bob")
    async with AsyncExitStack() as stack:
        others = [await watching(stack, served, theirs) for _ in range(MANY)]
        other = await watching(stack, served, mine)
        began = time.monotonic()
        await end(api, theirs_id, membership)
        ends = await asyncio.gather(*(socket.closed() for socket in others))
        assert time.monotonic() - began < MOST_SECONDS
        assert ends == [(4403, "Forbidden")] * MANY
        await other.send({"type": "ping"})
        while (said := await other.receive()) != {"type": "pong"}:  # what has just happened is told first
            assert said["type"] == "next"


async def token(api: Api, viewer: Any) -> tuple[str, str]:
    """The text and the id of one that this user has made."""
    made = await api.seen_by(viewer).do("createApiToken", "secret apiToken { id }", name=viewer.name)
    return made["secret"], made["apiToken"]["id"]


async def watching(stack: AsyncExitStack, served: Served, secret: str) -> Socket:
    socket = await stack.enter_async_context(raw(served))
    await socket.send({"type": "connection_init", "payload": {"token": secret}})
    assert await socket.receive() == ACK
    await socket.send(subscribe(EVENTS))
    return socket
