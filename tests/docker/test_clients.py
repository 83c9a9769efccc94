"""The client libraries that people use, against the real server."""

import asyncio
import json
from pathlib import Path

import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport

from tests.docker.world import World

pytestmark = pytest.mark.docker

CLIENTS = Path(__file__).parents[1] / "clients"


async def test_gql_queries_and_mutates_over_http(world: World, environment: str) -> None:
    transport = AIOHTTPTransport(
        url=f"http://127.0.0.1:{world.port}/graphql", headers={"Authorization": f"Bearer {world.token}"}
    )
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        mutation = gql(
            """mutation($input: CreateApplicationInput!) {
                createApplication(input: $input) { application { id name status } errors { message } } }"""
        )
        mutation.variable_values = {
            "input": {"environmentId": environment, "name": "from-gql", "image": "wharf-sample:1"}
        }
        made = (await session.execute(mutation))["createApplication"]["application"]
        assert made["status"] == "NEW"
        query = gql("query($id: ID!) { application(id: $id) { name } }")
        query.variable_values = {"id": made["id"]}
        assert (await session.execute(query))["application"]["name"] == "from-gql"


async def test_graphql_ws_subscribes_and_resumes_with_its_cursor(world: World, environment: str) -> None:
    start = (await world.ask("{ eventCursor }"))["eventCursor"]
    application = await world.application(environment, "from-node")
    await application.deploy()
    process = await asyncio.create_subprocess_exec(
        "node",
        str(CLIENTS / "subscribe.mjs"),
        f"ws://127.0.0.1:{world.port}/graphql",
        world.token,
        start,
        "10",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    seen = json.loads(output)
    assert len(seen) == len(set(seen)) == 10
