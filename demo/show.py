"""What `make demo` shows: an application and a database, through the public API, and every event as it comes."""

import asyncio
import contextlib
import os
import signal

import aiohttp
import psycopg

from demo.client import Client, Refused
from demo.database import use_database
from demo.server import LOG, DemoServer, ServerFailed, running_server

HOST = "hello.localhost"
EVENTS = """subscription($after: Cursor) { events(after: $after) { __typename
    ... on ApplicationStatusChanged { application: status }
    ... on ContainerStateChanged { container: state ready }
    ... on DeploymentStatusChanged { deployment: status failureReason }
    ... on ReleaseStatusChanged { release: status }
    ... on ServerStateChanged { server: state }
    ... on ProxyStateChanged { proxy: state }
    ... on DatabaseStatusChanged { database: status }
    ... on TcpProxyStateChanged { tcpProxy: state port }
    ... on ResourceCreated { created: noun }
    ... on ResourceRemoved { removed: noun } } }"""
STEPS = ["QUEUED", "PREPARING", "STARTING", "CHECKING", "ROUTING", "RETIRING", "SUCCEEDED"]
ENDS = {"SUCCEEDED", "FAILED", "CANCELLED", "SUPERSEDED"}


async def show() -> bool:
    """Whether everything that was shown is as it should be. Takes everything down, also when Ctrl-C cancels it."""
    _be_cancelled_by_signals()
    works = False
    try:
        async with aiohttp.ClientSession() as session, running_server(session) as server:
            works = await _deploy_and_watch(session, server)
    except (Refused, ServerFailed, aiohttp.ClientError, psycopg.Error, OSError) as error:
        print(f"\nThe demo failed: {error}", flush=True)
    if not works:
        print(f"The log of the server is {LOG}.")
    return works


def _be_cancelled_by_signals() -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _deploy_and_watch(session: aiohttp.ClientSession, server: DemoServer) -> bool:
    client = Client(session, server.address, server.command("token", "create", "--name", "demo"))
    start = (await client.ask("{ eventCursor }"))["eventCursor"]
    steps: list[str] = []
    ended = asyncio.Event()
    watching = asyncio.create_task(_print_events(client, start, steps, ended))
    try:
        environment_id = await _make_environment(client)
        works = await _deploy(client, environment_id) and await _answers(session, server)
        await _until_told(watching, ended)
        url = await use_database(client, environment_id) if works else None
        works = url is not None
        if url and steps == STEPS and not os.environ.get("DEMO_EXIT"):
            await _serve_until_cancelled(server, client.token, url)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    if works and steps != STEPS:
        print(f"The steps told were {', '.join(steps)}, and should be {', '.join(STEPS)}.", flush=True)
    return works and steps == STEPS


async def _print_events(client: Client, start: str, steps: list[str], ended: asyncio.Event) -> None:
    """Print every event since `start`; `steps` collects what was said of the deployment, until it has `ended`."""
    async for message in client.follow(EVENTS, after=start):
        event = message["events"]
        kind = event.pop("__typename")
        told = " ".join(f"{name}={value}" for name, value in event.items() if value is not None)
        print(f"  {kind:<25} {told}".rstrip(), flush=True)
        if "deployment" in event:
            steps.append(event["deployment"])
            if steps[-1] in ENDS:
                ended.set()


async def _until_told(watching: "asyncio.Task[None]", ended: asyncio.Event) -> None:
    """Wait until the end of the deployment was told, which is at once, or the events have broken off."""
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait({watching, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _make_environment(client: Client) -> str:
    project = (await client.do("createProject", "project { id }", name="demo"))["project"]["id"]
    made = await client.do("createEnvironment", "environment { id }", projectId=project, name="production")
    return str(made["environment"]["id"])


async def _deploy(client: Client, environment_id: str) -> bool:
    application_id = await _make_application(client, environment_id)
    await client.do("addDomain", "domain { id }", applicationId=application_id, url=f"http://{HOST}")
    asked = await client.do("deployApplication", "deployment { id }", applicationId=application_id)
    deployment = asked["deployment"]["id"]
    async for _ in client.follow(
        "subscription($id: ID!) { deploymentEvents(deploymentId: $id) { cursor } }", id=deployment
    ):
        pass
    state = "query($id: ID!) { deployment(id: $id) { status failure { message } } }"
    found = (await client.ask(state, id=deployment))["deployment"]
    print(f"\nThe deployment {found['status'].lower()}.", *filter(None, [(found["failure"] or {}).get("message")]))
    return bool(found["status"] == "SUCCEEDED")


async def _make_application(client: Client, environment_id: str) -> str:
    application = await client.do(
        "createApplication",
        "application { id }",
        environmentId=environment_id,
        name="hello",
        image="wharf-sample:1",
        pullPolicy="IF_NOT_PRESENT",
        port=8000,
        healthCheck={"kind": "HTTP", "path": "/health"},
    )
    return str(application["application"]["id"])


async def _answers(session: aiohttp.ClientSession, server: DemoServer) -> bool:
    async with session.get(f"http://127.0.0.1:{server.http_port}/", headers={"Host": HOST}) as answer:
        text = await answer.text()
        print(f"GET http://{HOST}:{server.http_port}/ answered {answer.status}: {text.strip()}", flush=True)
        return answer.status == 200 and text.startswith("hello from 1")


async def _serve_until_cancelled(server: DemoServer, token: str, url: str) -> None:
    print(
        f"""
The application   http://{HOST}:{server.http_port}/
                  curl -H 'Host: {HOST}' http://127.0.0.1:{server.http_port}/
The database      {url}
The API           http://{server.address}/graphql
                  with the header  Authorization: Bearer {token}

Ctrl-C ends it and takes everything down again.""",
        flush=True,
    )
    await asyncio.Event().wait()
