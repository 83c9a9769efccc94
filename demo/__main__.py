"""`make demo`: an application is deployed through the public API, and every event is printed as it comes.

Serves until Ctrl-C. With DEMO_EXIT=1 it checks what it showed, takes everything down and exits 0 or 1.
"""

import asyncio
import contextlib
import os
import signal
import sys

import aiohttp

from demo.client import Client
from demo.server import DemoServer

HOST = "hello.localhost"
EVENTS = """subscription($after: Cursor) { events(after: $after) { __typename
    ... on ApplicationStatusChanged { application: status }
    ... on ContainerStateChanged { container: state ready }
    ... on DeploymentStatusChanged { deployment: status failureReason }
    ... on ReleaseStatusChanged { release: status }
    ... on ServerStateChanged { server: state }
    ... on ProxyStateChanged { proxy: state }
    ... on ResourceCreated { created: noun } } }"""
STEPS = ["QUEUED", "PREPARING", "STARTING", "CHECKING", "ROUTING", "RETIRING", "SUCCEEDED"]


async def demo() -> bool:
    """Whether everything that was shown is as it should be."""
    server = DemoServer()
    async with aiohttp.ClientSession() as session:
        await server.start(session)
        try:
            client = Client(session, server.address, server.command("token", "create", "--name", "demo"))
            start = (await client.ask("{ eventCursor }"))["eventCursor"]
            steps: list[str] = []
            watching = asyncio.create_task(_print_events(client, start, steps))
            works = await _deploy(client) and await _answers(session, server)
            await asyncio.wait_for(_until_seen(watching, steps), 10)
            _say_where(server)
            if not os.environ.get("DEMO_EXIT"):
                await _until_interrupted()
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            return works and steps == STEPS
        finally:
            server.stop()


async def _print_events(client: Client, start: str, steps: list[str]) -> None:
    """Print every event since `start`; `steps` collects what was said of the deployment."""
    async for message in client.follow(EVENTS, after=start):
        event = message["events"]
        kind = event.pop("__typename")
        if "deployment" in event:
            steps.append(event["deployment"])
        told = (f"{name}={value}" for name, value in event.items() if value is not None)
        print(f"  {kind:<25}", *told, flush=True)


async def _until_seen(watching: "asyncio.Task[None]", steps: list[str]) -> None:
    while steps[-1:] != STEPS[-1:] and not watching.done():
        await asyncio.sleep(0.01)


async def _deploy(client: Client) -> bool:
    project = (await client.do("createProject", "project { id }", name="demo"))["project"]["id"]
    made = await client.do("createEnvironment", "environment { id }", projectId=project, name="production")
    application = await client.do(
        "createApplication",
        "application { id }",
        environmentId=made["environment"]["id"],
        name="hello",
        image="wharf-sample:1",
        pullPolicy="IF_NOT_PRESENT",
        port=8000,
        healthCheck={"kind": "HTTP", "path": "/health"},
    )
    application_id = application["application"]["id"]
    await client.do("addDomain", "domain { id }", applicationId=application_id, host=HOST)
    asked = await client.do("deployApplication", "deployment { id }", applicationId=application_id)
    deployment = asked["deployment"]["id"]
    async for _ in client.follow(
        "subscription($id: ID!) { deploymentEvents(deploymentId: $id) { cursor } }", id=deployment
    ):
        pass
    state = "query($id: ID!) { deployment(id: $id) { status failure { message } } }"
    found = (await client.ask(state, id=deployment))["deployment"]
    print(f"\nThe deployment {found['status'].lower()}.", (found["failure"] or {}).get("message", ""))
    return bool(found["status"] == "SUCCEEDED")


async def _answers(session: aiohttp.ClientSession, server: DemoServer) -> bool:
    async with session.get(f"http://127.0.0.1:{server.http_port}/", headers={"Host": HOST}) as answer:
        text = await answer.text()
        print(f"GET http://{HOST}:{server.http_port}/ answered {answer.status}: {text.strip()}")
        return answer.status == 200 and text.startswith("hello from 1")


def _say_where(server: DemoServer) -> None:
    print(
        f"""
The application   http://{HOST}:{server.http_port}/
                  curl -H 'Host: {HOST}' http://127.0.0.1:{server.http_port}/
The API           http://{server.address}/graphql
                  with the header  Authorization: Bearer {server.command("token", "create", "--name", "you")}
""",
        flush=True,
    )


async def _until_interrupted() -> None:
    print("Ctrl-C ends it and takes everything down again.", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(demo()) else 1)
