"""Many small applications on one server, and what is seen while they are deployed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles

import aiohttp

from demo.client import Client
from tests.docker.world import Application, World

_PER_ENVIRONMENT = 50  # a network has room for about 60
_AT_ONCE = 8
_ENDS = {"SUCCEEDED", "FAILED", "CANCELLED", "SUPERSEDED"}
_UNDER_WAY = {"PREPARING", "STARTING", "CHECKING", "ROUTING", "RETIRING"}
# A web server that takes 1 MB, with a page that says 200.
_SITE = "mkdir -p /tmp/site && echo small >/tmp/site/index.html && exec httpd -f -p 8000 -h /tmp/site"
SMALL = {"image": "wharf-sample:1", "pullPolicy": "IF_NOT_PRESENT", "command": ["sh", "-c", _SITE], "port": 8000}

_STATUSES = """subscription($after: Cursor) { events(after: $after) {
    ... on DeploymentStatusChanged { deploymentId applicationId number status } } }"""
_LIST = (
    "query($id: ID!) { environment(id: $id) { applications { name status domains { host } containers { state } } } }"
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The applications of one installation; each has the domains `<name>.test` and `www.<name>.test`."""

    world: World
    environments: list[str]
    applications: list[Application]


async def gather_crowd(world: World, number: int) -> Crowd:
    """So many applications, none of them deployed."""
    turn = asyncio.Semaphore(_AT_ONCE)
    environments = [await world.environment(f"quarter-{first}") for first in range(0, number, _PER_ENVIRONMENT)]
    async with aiohttp.ClientSession() as session:
        client = Client(session, f"127.0.0.1:{world.port}", world.token)

        async def one(each: int) -> Application:
            async with turn:
                return await _settle(client, world, environments[each // _PER_ENVIRONMENT], f"small-{each}")

        return Crowd(world, environments, await asyncio.gather(*(one(each) for each in range(number))))


async def _settle(client: Client, world: World, environment_id: str, name: str) -> Application:
    fields = {**SMALL, "environmentId": environment_id, "name": name}
    made = await client.do("createApplication", "application { id }", **fields)
    application = Application(world, made["application"]["id"], f"{name}.test")
    for host in (application.host, f"www.{application.host}"):
        await client.do("addDomain", "", applicationId=application.id, url=f"http://{host}")
    return application


@dataclass(slots=True)
class Story:
    """What was told of deployments, in the order it was told."""

    told: list[tuple[str, int, str]] = field(default_factory=list)  # application, number, status

    def most_at_once(self) -> int:
        """How many deployments were under way at the same time, at most."""
        under_way: set[tuple[str, int]] = set()
        most = 0
        for application, number, status in self.told:
            (under_way.add if status in _UNDER_WAY else under_way.discard)((application, number))
            most = max(most, len(under_way))
        return most

    def ends(self) -> dict[str, list[str]]:
        """How the deployments of each application ended, in the order in which they were asked for."""
        ends: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for application, number, status in self.told:
            if status in _ENDS:
                ends[application][number] = status
        return {application: [numbers[number] for number in sorted(numbers)] for application, numbers in ends.items()}

    def in_order(self) -> bool:
        """Whether none was begun before the earlier ones of the same application had ended."""
        open_numbers: defaultdict[str, set[int]] = defaultdict(set)
        for application, number, status in self.told:
            if status in _UNDER_WAY and any(earlier < number for earlier in open_numbers[application]):
                return False
            (open_numbers[application].discard if status in _ENDS else open_numbers[application].add)(number)
        return True


async def deploy_at_once(applications: Sequence[Application], times: int = 1) -> Story:
    """Ask for all of them in the same moment, for each as often as is said; what came of it."""
    world, story = applications[0].world, Story()
    cursor = (await world.ask("{ eventCursor }"))["eventCursor"]
    asked = await asyncio.gather(*(each.ask_for() for each in applications for _ in range(times)))
    missing = set(asked)
    async with world.subscription(_STATUSES, after=cursor) as messages:
        async for message in messages:
            event = message["events"]
            if "status" not in event:
                continue
            story.told.append((event["applicationId"], event["number"], event["status"]))
            if event["status"] in _ENDS:
                missing.discard(event["deploymentId"])
            if not missing:
                return story
    raise AssertionError("the subscription ended")


@asynccontextmanager
async def reading(world: World, environment_id: str) -> AsyncGenerator[list[float]]:
    """How long, in milliseconds, a reader waits for a list while what is inside goes on; complete afterwards."""
    waits: list[float] = []

    async def read() -> None:
        while True:
            began = time.perf_counter()
            await world.ask(_LIST, id=environment_id)
            waits.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.05)

    reader = asyncio.create_task(read())
    try:
        yield waits
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


def percentile_95(values: Iterable[float]) -> float:
    return quantiles(values, n=20)[-1]
