"""A database of an installation, as its owner uses it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.docker.installation import Answer, Installation, eventually


@dataclass(frozen=True, slots=True)
class Database:
    """One database of an installation, as its owner uses it."""

    world: Installation
    id: str
    name: str

    async def see(self, selection: str) -> Answer:
        """What the API says of it."""
        found = await self.world.ask(f"query($id: ID!) {{ database(id: $id) {{ {selection} }} }}", id=self.id)
        answer: Answer = found["database"]
        return answer

    async def do(self, verb: str, **fields: object) -> Answer:
        """Ask for `startDatabase`, say; the database as it is then."""
        payload = await self.world.do(verb, "database { status rotating }", databaseId=self.id, **fields)
        answer: Answer = payload["database"]
        return answer

    async def expose(self, **fields: object) -> Answer:
        """The TCP proxy that was asked for."""
        made = await self.world.do("exposeDatabase", "tcpProxy { id port state }", databaseId=self.id, **fields)
        answer: Answer = made["tcpProxy"]
        return answer

    async def proxy(self, selection: str = "state reason message port") -> Answer:
        """What the API says of its TCP proxy."""
        answer: Answer = (await self.see(f"tcpProxy {{ {selection} }}"))["tcpProxy"]
        return answer

    async def until_proxy(self, state: str, within: float = 30.0) -> Answer:
        """Wait until its TCP proxy is said to be in this state."""
        async with asyncio.timeout(within):
            cursor = (await self.world.ask("{ eventCursor }"))["eventCursor"]
            if (found := await self.proxy())["state"] == state:
                return found
            document = """subscription($id: ID!, $after: Cursor) { tcpProxyEvents(databaseId: $id, after: $after) {
                ... on TcpProxyStateChanged { state reason message port } } }"""
            async with self.world.subscription(document, id=self.id, after=cursor) as messages:
                async for message in messages:
                    if message["tcpProxyEvents"].get("state") == state:
                        told: Answer = message["tcpProxyEvents"]
                        return told
        raise AssertionError("The events ended.")

    async def credentials(self) -> Answer:
        found = await self.world.ask(
            """query($id: ID!) {
                databaseCredentials(databaseId: $id) { username password database internalUrl externalUrl } }""",
            id=self.id,
        )
        answer: Answer = found["databaseCredentials"]
        return answer

    async def until(self, status: str, within: float = 40.0) -> None:
        """Wait until the database is said to have this status."""
        async with asyncio.timeout(within):
            found = await self.world.ask("query($id: ID!) { eventCursor database(id: $id) { status } }", id=self.id)
            if found["database"]["status"] == status:
                return
            document = """subscription($id: ID!, $after: Cursor) {
                databaseEvents(databaseId: $id, after: $after) { ... on DatabaseStatusChanged { status } } }"""
            async with self.world.subscription(document, id=self.id, after=found["eventCursor"]) as messages:
                async for message in messages:
                    if message["databaseEvents"].get("status") == status:
                        return

    async def until_true(self, selection: str, condition: Callable[[Answer], bool], within: float = 20.0) -> None:
        """Wait until what the API says of it meets the condition."""

        async def met() -> bool:
            return condition(await self.see(selection))

        await eventually(met, within)

    async def is_gone(self) -> bool:
        found = await self.world.ask("query($id: ID!) { database(id: $id) { id } }", id=self.id)
        return found["database"] is None
