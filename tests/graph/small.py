"""A small schema with one of everything, for tests of what lies around a schema."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import strawberry

from engine import names
from engine.accounts import roles
from engine.accounts.authority import EVERYTHING, Allowance, Authority
from engine.errors import CursorExpired, DockerUnreachable, InvalidInput, NameTaken, NotFound
from graph.build import build_schema
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.errors import ErrorsAsData, Payload
from graph.ids import Node, global_id, local_id, no_such, page_cursor, page_key
from graph.permissions import Action, Needs, NeedsToReadNode, Noun, Viewer
from graph.scalars import Cursor

OWNER = Viewer("laptop", EVERYTHING, token_id="token-1")
SETUP = Viewer("setup", Authority.of({Allowance(roles.SETUP)}), token_id="token-2")
TOKENS = {"owner": OWNER, "setup": SETUP}

KEYS = [f"01J0000000000000000000000{n}" for n in range(5)]


@strawberry.type(description="A thing that runs.")
class Application(Node):
    host: names.Hostname
    grace: timedelta

    @classmethod
    def at(cls, key: str) -> "Application":
        host = names.Hostname(f"{key.lower()}.example.com")
        return cls(id=global_id("Application", key), host=host, grace=timedelta(seconds=90))


@strawberry.input
class AddDomainInput:
    application_id: strawberry.ID
    host: names.Hostname
    ports: list[names.Port] = strawberry.field(default_factory=list)


@strawberry.type
class AddDomainPayload(Payload):
    application: Application | None = None


class Running:
    """How many `forEver` there are."""

    def __init__(self) -> None:
        self.now = 0
        self.renew()

    def renew(self) -> None:
        """Serve another event loop."""
        self.changed = asyncio.Condition()

    async def add(self, count: int) -> None:
        async with self.changed:
            self.now += count
            self.changed.notify_all()

    async def until(self, count: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.now == count)


class Door:
    """What `waitAtTheDoor` waits at."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Serve another event loop, closed."""
        self._open = asyncio.Event()

    async def wait(self) -> None:
        await self._open.wait()

    def set(self) -> None:
        self._open.set()


RUNNING = Running()
BEGUN, ENDED, DOOR = Running(), Running(), Door()

READ = Needs(Action.READ, Noun.APPLICATION)


@strawberry.type
class Query:
    @strawberry.field(extensions=[READ])
    def viewer(self, info: Info) -> str:
        return info.context.viewer.name

    @strawberry.field(extensions=[READ])
    def echo(self, text: str) -> str:
        return text

    @strawberry.field(extensions=[READ])
    def application(self, id: strawberry.ID) -> Application:
        key = local_id("Application", id, field=("id",))
        if key not in KEYS:
            raise no_such("Application", id, field=("id",))
        return Application.at(key)

    @strawberry.field(extensions=[READ])
    async def applications(self, first: int = 2, after: Cursor | None = None) -> Connection[Application]:
        wanted = page_size(first)
        start = page_key("Application", after) if after else ""
        rows = [key for key in KEYS if key > start][: wanted + 1]
        return page(
            rows, wanted, after=after, node=Application.at, cursor=lambda key: page_cursor("Application", key)
        )

    @strawberry.field(extensions=[NeedsToReadNode()])
    def node(self, id: strawberry.ID) -> Node | None:
        return Application.at(KEYS[0])

    @strawberry.field(extensions=[READ])
    async def docker(self) -> str | None:
        raise DockerUnreachable("Docker does not answer at unix:///var/run/docker.sock.")

    @strawberry.field(extensions=[READ])
    async def bug(self) -> str | None:
        raise RuntimeError("the password is hunter2")

    @strawberry.field(extensions=[READ])
    async def fatal(self) -> str:
        raise NotFound("There is nothing here.")

    @strawberry.field(extensions=[READ])
    def unprintable(self) -> str:
        return "\ud800"


@strawberry.type
class Mutation:
    @strawberry.mutation(extensions=[ErrorsAsData(), Needs(Action.CREATE, Noun.DOMAIN)])
    async def add_domain(self, input: AddDomainInput) -> AddDomainPayload:
        taken = NameTaken(f"{input.host} belongs to shop.", field=("input", "host"))
        closed = InvalidInput("Port 1 is closed.", field=("input", "ports", "0"))
        if input.host == "taken.example.com":
            raise taken
        if input.host == "twice.example.com":
            raise ExceptionGroup("two mistakes", [ExceptionGroup("one", [taken]), closed])
        if input.host == "bug.example.com":
            raise ExceptionGroup("one of ours", [taken, KeyError("host")])
        return AddDomainPayload(application=Application.at(KEYS[0]))

    @strawberry.mutation(extensions=[ErrorsAsData(), Needs(Action.CREATE, Noun.API_TOKEN)])
    def create_token(self) -> AddDomainPayload:
        raise InvalidInput("That will not do.")

    @strawberry.mutation(extensions=[ErrorsAsData(), Needs(Action.REMOVE, Noun.API_TOKEN)])
    async def revoke_own_token(self, info: Info) -> AddDomainPayload:
        await info.context.sockets.close(f"ApiToken:{info.context.viewer.token_id}")
        return AddDomainPayload()

    @strawberry.mutation(extensions=[ErrorsAsData(), Needs(Action.REMOVE, Noun.API_TOKEN)])
    async def wait_at_the_door(self) -> AddDomainPayload:
        await BEGUN.add(1)
        await DOOR.wait()
        await ENDED.add(1)
        raise InvalidInput("That will not do.")


@strawberry.type
class Subscription:
    @strawberry.subscription(extensions=[Needs(Action.READ, Noun.EVENT)])
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    @strawberry.subscription(extensions=[Needs(Action.READ, Noun.EVENT)])
    async def for_ever(self) -> AsyncIterator[str]:
        await RUNNING.add(1)
        try:
            yield "open"
            await asyncio.Event().wait()
        finally:
            await RUNNING.add(-1)

    @strawberry.subscription(extensions=[Needs(Action.READ, Noun.EVENT)])
    async def busy(self) -> AsyncIterator[int]:
        number = 0
        while True:
            yield number
            number += 1
            await asyncio.sleep(0)

    @strawberry.subscription(extensions=[Needs(Action.READ, Noun.EVENT)])
    async def breaks(self, how: str) -> AsyncIterator[int]:
        yield 1
        raise CursorExpired("The log begins later than that.") if how == "expired" else RuntimeError("hunter2")


SCHEMA = build_schema(Query, Mutation, Subscription, types=[Application])
