"""What tests of faults share: an installation to hurt, what must not be touched meanwhile, and what the log said."""

import asyncio
import re
import subprocess
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker.load import visitors
from tests.docker.relay import DOCKER, Relay, running_relay
from tests.docker.visits import Visits
from tests.docker.world import Application, World, eventually

AT_ONCE = 2.0
"""Seconds from what Docker says to what the API says."""


class Refused(AssertionError):
    """The command `docker` did not do it, and said why."""


def network_of(container: str) -> str:
    """The name of the one network that a container is on."""
    return by_hand("inspect", "--format={{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}", container)


def by_hand(*words: str) -> str:
    """What the command `docker` prints, as a person at the host would use it. Raises `Refused`."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout.strip()


class Said:
    """What a server writes to its log from now on."""

    def __init__(self, world: World) -> None:
        self._log = world.log
        self._start = self._log.stat().st_size

    @property
    def lines(self) -> list[str]:
        """Each without its time. A traceback is a mistake, whatever else is expected."""
        text = self._log.read_bytes()[self._start :].decode()
        assert "Traceback" not in text, text
        return [re.sub(r"^\S+ \S+ ", "", line) for line in text.splitlines()]

    def once(self, *patterns: str) -> None:
        """Each of these was said in one line, and nothing else was complained about."""
        lines = self.lines
        for pattern in patterns:
            assert sum(1 for line in lines if re.search(pattern, line)) == 1, (pattern, lines)
        complaints = [line for line in lines if not line.startswith("INFO")]
        odd = [line for line in complaints if not any(re.search(each, line) for each in patterns)]
        assert not odd, odd


@dataclass(frozen=True, slots=True)
class Target:
    """An installation with an application to hurt, one beside it, and a container of somebody else's."""

    world: World
    relay: Relay
    shop: Application
    neighbour: Application
    foreign: str

    async def containers(self, application: Application) -> list[dict[str, str]]:
        """Id, name and state of an application's containers, as the API tells them."""
        document = "query($id: ID!) { application(id: $id) { containers { id name state } } }"
        found = await self.world.ask(document, id=application.id)
        rows: list[dict[str, str]] = found["application"]["containers"]
        return rows

    async def container(self, application: Application) -> str:
        """The id of the one container that an application has."""
        (row,) = await self.containers(application)
        return row["id"]

    def proxies(self) -> list[str]:
        """The ids of the containers of the proxy; there ought to be one."""
        marks = (f"label=wharf.instance={self.world.instance_id}", "label=wharf.kind=proxy")
        return by_hand("ps", "-aq", "--no-trunc", *(f"--filter={mark}" for mark in marks)).split()

    async def repaired(self) -> None:
        """Docker answers, both applications run and are answered: what every test finds, and leaves."""
        self.relay.mend()
        for application in (self.shop, self.neighbour):
            await application.until("RUNNING")
            await eventually(application.answers, within=40)

    @asynccontextmanager
    async def nothing_else_touched(self) -> AsyncGenerator[Visits]:
        """What is done inside hurts neither the neighbour, nor its visitors, nor what is not ours."""
        async with self.no_other_container_touched(), visitors(self.neighbour) as visits:
            yield visits
            await visits.reach(20)
        assert visits.wrong == []

    @asynccontextmanager
    async def no_other_container_touched(self) -> AsyncGenerator[None]:
        ids = [self.foreign, await self.container(self.neighbour)]
        inspect = ("inspect", "--format={{.Name}} {{.State.StartedAt}} {{.State.Running}}", *ids)
        before = by_hand(*inspect)
        yield
        assert by_hand(*inspect) == before
        assert await self.container(self.neighbour) == ids[1]

    @asynccontextmanager
    async def changes(self, last: str) -> AsyncGenerator["Changes"]:
        """The statuses the shop goes through from what is done inside, up to the one named `last`."""
        cursor = (await self.world.ask("{ eventCursor }"))["eventCursor"]
        changes = Changes(self.shop, cursor)
        yield changes
        changes.done_at = time.monotonic()
        await changes.read(last)


class Changes:
    """What was said of an application, and how long after the last thing that was done."""

    def __init__(self, application: Application, after: str) -> None:
        self._application = application
        self._after = after
        self.done_at = time.monotonic()
        self.seen: list[str] = []
        self.first_after = 0.0

    async def read(self, last: str) -> None:
        document = """subscription($id: ID!, $after: Cursor) { applicationEvents(applicationId: $id, after: $after) {
            ... on ApplicationStatusChanged { status } } }"""
        world, wanted = self._application.world, {"id": self._application.id, "after": self._after}
        async with asyncio.timeout(40), world.subscription(document, **wanted) as messages:
            async for message in messages:
                if status := message["applicationEvents"].get("status"):
                    self.first_after = self.first_after or time.monotonic() - self.done_at
                    self.seen.append(status)
                if status == last:
                    return


@contextmanager
def running_target(directory: Path, engine: str = DOCKER, **settings: str) -> Iterator[Target]:
    """An installation behind a relay; all of it is gone afterwards."""
    with running_relay(directory / "docker.sock", engine) as relay:
        world = World(directory, WHARF_DOCKER_HOST=relay.url, **settings)
        foreign = by_hand("run", "-d", "-e", "VERSION=foreign", "wharf-sample:1")
        try:
            world.start()
            yield asyncio.run(_furnished(world, relay, foreign))
        finally:
            by_hand("rm", "-fv", foreign)
            relay.mend()
            world.stop()
            world.uninstall()


async def _furnished(world: World, relay: Relay, foreign: str) -> Target:
    environment = await world.environment("town")
    shop = await world.application(environment, "shop", stopGracePeriod="2s")
    neighbour = await world.application(environment, "neighbour")
    for deployment in await asyncio.gather(shop.deploy(), neighbour.deploy()):
        assert deployment["status"] == "SUCCEEDED", deployment
    return Target(world, relay, shop, neighbour, foreign)
