"""An application of an installation, as its owner and its visitors use it."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.docker.installation import Answer, Installation, Reply, eventually

DEPLOYMENT = """
  id number kind status
  failure { reason message exitCode logLines }
  release { id number image status }
"""


@dataclass(frozen=True, slots=True)
class Application:
    """One application of an installation, as its owner uses it."""

    world: Installation
    id: str
    host: str

    async def change(self, **fields: object) -> None:
        await self.world.do("updateApplication", applicationId=self.id, **fields)

    async def variables(self, **values: str) -> None:
        rows = [{"name": name, "value": value} for name, value in values.items()]
        await self.world.do("setEnvironmentVariables", applicationId=self.id, variables=rows)

    async def ask_for(self, verb: str = "deploy", **fields: object) -> str:
        """The id of the deployment that was asked for: `deploy`, `rollBack`, `restart` or `start`."""
        payload = await self.world.do(f"{verb}Application", "deployment { id }", applicationId=self.id, **fields)
        return str(payload["deployment"]["id"])

    async def deploy(self, verb: str = "deploy", **fields: object) -> Answer:
        """The deployment, once it has ended, however it ended."""
        return await self.ended(await self.ask_for(verb, **fields))

    async def ended(self, deployment_id: str) -> Answer:
        document = """subscription($id: ID!) { deploymentEvents(deploymentId: $id) { cursor } }"""
        async with self.world.subscription(document, id=deployment_id) as messages:
            async for _ in messages:
                pass  # the stream ends with the deployment
        return await self.deployment(deployment_id)

    async def deployment(self, deployment_id: str) -> Answer:
        document = f"query($id: ID!) {{ deployment(id: $id) {{ {DEPLOYMENT} }} }}"
        found: Answer = (await self.world.ask(document, id=deployment_id))["deployment"]
        return found

    async def stop(self) -> None:
        await self.world.do("stopApplication", applicationId=self.id)
        await self.until("STOPPED")

    async def until(self, status: str) -> None:
        """Wait until the application is said to have this status."""
        async with asyncio.timeout(20):
            state = "query($id: ID!) { eventCursor application(id: $id) { status } }"
            found = await self.world.ask(state, id=self.id)
            if found["application"]["status"] == status:
                return
            document = """subscription($id: ID!, $after: Cursor) {
                applicationEvents(applicationId: $id, after: $after) {
                    ... on ApplicationStatusChanged { status } } }"""
            after = found["eventCursor"]
            async with self.world.subscription(document, id=self.id, after=after) as messages:
                async for message in messages:
                    if message["applicationEvents"].get("status") == status:
                        return

    async def get(self, path: str = "/", **how: Any) -> Reply:
        return await self.world.visit(self.host, path, **how)

    async def answers(self, status: int = 200) -> bool:
        """Whether a visitor gets an answer with this status now."""
        try:
            return (await self.get()).status == status
        except aiohttp.ClientError:
            return False

    async def until_answered_by(self, version: str) -> None:
        """Wait until a visitor gets an answer of this version of the sample application."""

        async def answered() -> bool:
            return (await self.get()).headers.get("X-Version") == version

        await eventually(answered)

    async def is_gone(self) -> bool:
        """Whether the API no longer knows the application."""
        found = await self.world.ask("query($id: ID!) { application(id: $id) { id } }", id=self.id)
        return found["application"] is None

    async def status(self) -> str:
        found = await self.world.ask("query($id: ID!) { application(id: $id) { status } }", id=self.id)
        return str(found["application"]["status"])
