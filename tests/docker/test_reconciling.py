"""After a start or a gap: what is as it was is not asked about, and what is not is noticed, whatever it was."""

import asyncio
import os
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.docker.relay import Relay
from tests.docker.world import Application, World, eventually

pytestmark = pytest.mark.docker

ONE_LIST_OF_EACH_KIND = {"GET containers/json": 1, "GET networks": 1, "GET volumes": 1}
# Serves until it is told to take more memory than it may.
HUNGRY = "httpd -p 8000; until [ -e /tmp/eat ]; do sleep 0.1; done; exec python3 -c 'bytearray(1 << 30)'"
FIELDS = "id name state ready exitCode outOfMemory restartCount startedAt finishedAt"


@pytest.mark.timeout(150)
async def test_without_a_difference_each_kind_of_object_is_listed_once(far_world: World, relay: Relay) -> None:
    world = far_world
    first, second = await world.environment("first"), await world.environment("second")
    shop = await world.application(first, "shop", replicas=2)
    closed = await world.application(second, "closed", volumes=[{"name": "data", "mountPath": "/data"}])
    job = await world.application(second, "job", restartPolicy="NEVER")
    await asyncio.gather(*(each.deploy() for each in (shop, closed, job)))
    await world.application(second, "never-deployed")
    await closed.stop()
    await job.get("/exit?code=3")

    async def all_is_seen() -> bool:
        return all([(await container_of(each))["finishedAt"] for each in (closed, job)])

    await eventually(all_is_seen)
    async with questions(shop, "after-a-kill.test", relay) as asked:
        world.kill()
        world.start()
    assert asked == ONE_LIST_OF_EACH_KIND

    async with questions(shop, "after-an-outage.test", relay) as asked:
        relay.cut()
        await shop.until("UNREACHABLE")
        relay.mend()
        await shop.until("RUNNING")
    assert asked == ONE_LIST_OF_EACH_KIND


@pytest.mark.timeout(150)
async def test_what_happened_to_containers_while_nobody_looked_is_noticed(far_world: World, relay: Relay) -> None:
    world = far_world
    environment = await world.environment("town")
    special: dict[str, Any] = {
        "overfed": {"command": ["sh", "-c", HUNGRY], "memoryLimit": 48 * 1024 * 1024, "restartPolicy": "NEVER"},
        "ended": {"restartPolicy": "NEVER"},
    }
    names = ("untouched", "restarted", "crashed", "overfed", "ended", "renamed", "removed")
    town = {name: await world.application(environment, name, **special.get(name, {})) for name in names}
    await asyncio.gather(*(each.deploy() for each in town.values()))
    before = {name: await container_of(each) for name, each in town.items()}
    cursor = (await world.ask("{ eventCursor }"))["eventCursor"]

    world.kill()
    docker("restart", "--time=0", before["restarted"]["id"])
    # Not by `docker kill`, after which Docker does not start it again.
    os.kill(int(docker("inspect", "--format={{.State.Pid}}", before["crashed"]["id"])), signal.SIGKILL)
    docker("exec", before["overfed"]["id"], "touch", "/tmp/eat")
    await town["ended"].get("/exit?code=3")
    docker("rename", before["renamed"]["id"], f"{before['renamed']['name']}-by-hand")
    docker("rm", "--force", before["removed"]["id"])
    for name in ("overfed", "ended"):
        docker("wait", before[name]["id"])
    relay.asked.clear()
    world.start()

    for name in ("restarted", "crashed"):
        assert await proofs(town[name], cursor) == [False, True], f"{name} had to prove itself again"
    await asyncio.gather(*(town[name].until("FAILING") for name in ("overfed", "ended")))
    await town["removed"].until("RUNNING")

    async def named_as_before() -> bool:
        asked = f"POST containers/{before['renamed']['id']}/rename" in relay.asked
        return asked and (await container_of(town["renamed"])) == before["renamed"]

    await eventually(named_as_before)
    after = {name: await container_of(each) for name, each in town.items()}
    assert after["untouched"] == before["untouched"]
    assert f"GET containers/{before['untouched']['id']}/json" not in relay.asked
    assert after["crashed"]["restartCount"] == 1
    assert after["restarted"]["startedAt"] > before["restarted"]["startedAt"]
    assert (after["overfed"]["state"], after["overfed"]["outOfMemory"]) == ("EXITED", True)
    assert (after["ended"]["state"], after["ended"]["exitCode"]) == ("EXITED", 3)
    assert after["removed"]["id"] != before["removed"]["id"]
    for name in ("untouched", "restarted", "crashed", "renamed", "removed"):
        await eventually(town[name].answers)


@asynccontextmanager
async def questions(shop: Application, host: str, relay: Relay) -> AsyncGenerator[Counter[str]]:
    """What Docker is asked about its objects from here until a new domain is answered."""
    relay.asked.clear()
    asked: Counter[str] = Counter()
    yield asked

    async def reconciling() -> bool:
        return "GET networks" in relay.asked

    await eventually(reconciling)
    await shop.world.do("addDomain", applicationId=shop.id, url=f"http://{host}")

    async def routed() -> bool:
        return (await shop.world.visit(host)).status == 200

    await eventually(routed)
    # Where the tests run in a container, it is asked once whether it is one of this engine's.
    beside = {"GET version", "GET info", "GET events", "GET _ping", f"GET containers/{socket.gethostname()}/json"}
    asked.update(each for each in relay.asked if each not in beside)


async def container_of(application: Application) -> dict[str, Any]:
    document = f"query($id: ID!) {{ application(id: $id) {{ containers {{ {FIELDS} }} }} }}"
    found = await application.world.ask(document, id=application.id)
    (container,) = found["application"]["containers"]
    return dict(container)


async def proofs(application: Application, cursor: str) -> list[bool]:
    """Whether its container was ready, each time that something was told of it past `cursor`, until it was."""
    document = """subscription($id: ID!, $after: Cursor) {
        applicationEvents(applicationId: $id, after: $after) { ... on ContainerStateChanged { ready } } }"""
    said: list[bool] = []
    async with application.world.subscription(document, id=application.id, after=cursor) as messages:
        async for message in messages:
            if "ready" in message["applicationEvents"]:
                said.append(message["applicationEvents"]["ready"])
            if said and said[-1]:
                return said
    raise AssertionError("the subscription ended")


def docker(*words: str) -> str:
    """What Docker's own command line prints; it goes past the relay."""
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()
