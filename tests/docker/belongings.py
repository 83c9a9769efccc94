"""Whether what Docker and Traefik have of an installation is what its API says, and nothing else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import aiohttp

from engine import labels
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState, ContainerSummary
from engine.key_ring import KeyRing
from engine.proxy.compiler import KEY_HEADER
from engine.proxy.spec import INTERNAL_PORT
from graph.ids import read_global_id
from tests.docker.world import World, eventually

_WANTED = """{ projects { environments { id applications {
    id name desiredState replicas port
    liveRelease { id } domains { id } volumes { id }
    latestDeployment { finishedAt }
    containers { name state ready release { id } }
} } } }"""


async def amiss(world: World) -> list[str]:
    """What is orphaned or lost, in sentences; nothing when all is as the API says."""
    found = await world.ask(_WANTED)
    environments = [each for project in found["projects"] for each in project["environments"]]
    applications = [each for environment in environments for each in environment["applications"]]
    docker = DockerGateway(None)
    try:
        ours = labels.ours(world.instance_id)
        present = await docker.list_containers(ours)
        networks = {each.labels.get(labels.ENVIRONMENT, "") for each in await docker.list_networks(ours)} - {""}
        volumes = {each.labels.get(labels.VOLUME, "") for each in await docker.list_volumes(ours)} - {""}
    finally:
        await docker.close()
    members = {each.name for each in present if labels.is_application(each.labels)}
    used = [each for each in environments if any(app["liveRelease"] for app in each["applications"])]
    return [
        *(sentence for each in applications for sentence in _of_application(each)),
        *_difference("container", members, {row["name"] for app in applications for row in app["containers"]}),
        *_difference("network", networks, _ids(environments), needed=_ids(used)),
        *_difference("address range of environment", claimed(world), _ids(environments), needed=networks),
        *_difference("volume", volumes, {each for app in applications for each in _ids(app["volumes"])}),
        *await _of_routes(world, present, applications),
    ]


async def nothing_is_amiss(world: World, within: float = 10.0) -> None:
    """Wait for that. Raises `AssertionError` with what still is, in the end."""
    found: list[str] = []

    async def nothing() -> bool:
        found[:] = await amiss(world)
        return not found

    try:
        await eventually(nothing, within)
    except TimeoutError:
        raise AssertionError("; ".join(found)) from None


def _of_application(application: dict[str, Any]) -> Iterator[str]:
    name, live = application["name"], application["liveRelease"]
    running = [row for row in application["containers"] if row["state"] == "RUNNING"]
    at_work = [row for row in running if live and row["ready"] and row["release"]["id"] == live["id"]]
    if application["desiredState"] == "RUNNING":
        if live and len(at_work) != application["replicas"]:
            yield f"{name}: {len(at_work)} of {application['replicas']} containers of its live release are ready"
        if len(application["containers"]) != len(at_work):
            yield f"{name} has containers beside those of its live release: {application['containers']}"
    elif live or running:
        yield f"{name} is wanted {application['desiredState']} and has a live release or runs"
    if application["latestDeployment"] and not application["latestDeployment"]["finishedAt"]:
        yield f"{name}: its deployment has not ended"


def _difference(noun: str, present: set[str], known: set[str], needed: set[str] | None = None) -> Iterator[str]:
    yield from (f"{noun} {each} is orphaned" for each in present - known)
    yield from (f"{noun} {each} is lost" for each in (known if needed is None else needed) - present)


def claimed(world: World) -> set[str]:
    """Who has an address range: the API has no word for it."""
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db")) as database:
        owners = {owner for (owner,) in database.execute("SELECT owner FROM subnet")}
    return owners - {"proxy", "foreign"}


def _ids(rows: list[dict[str, Any]]) -> set[str]:
    return {known[1] for row in rows if (known := read_global_id(row["id"]))}


async def _of_routes(world: World, present: list[ContainerSummary], applications: list[dict[str, Any]]) -> list[str]:
    proxies = [each for each in present if each.labels.get(labels.KIND) == "proxy"]
    if [each.state for each in proxies] != [ContainerState.RUNNING]:
        return [f"there is not one running proxy, but {[(each.name, each.state.value) for each in proxies]}"]
    addresses = proxies[0].addresses
    address = next(addresses[network] for network in addresses if "--proxy-" in network)
    routers = {each["name"]: each for each in await _traefik(world, address, "routers")}
    led_to = {name: router["service"] for name, router in routers.items() if name.startswith("domain-")}
    wanted = {
        f"domain-{domain}@file": f"application-{_ids([each]).pop()}" if each["liveRelease"] else "noop@internal"
        for each in applications
        for domain in _ids(each["domains"])
    }
    servers = {
        server["url"]
        for service in await _traefik(world, address, "services")
        if service["name"].startswith("application-")
        for server in service["loadBalancer"]["servers"]
    }
    ready = {
        f"http://{row['name']}:{each['port']}"
        for each in applications
        for row in each["containers"]
        if row["ready"] and each["liveRelease"] and row["release"]["id"] == each["liveRelease"]["id"]
    }
    wrong = [
        f"{name} leads to {led_to.get(name)}, not to {wanted.get(name)}"
        for name in {*led_to, *wanted}
        if led_to.get(name) != wanted.get(name)
    ]
    return [*wrong, *_difference("server of the proxy", servers, ready)]


async def _traefik(world: World, address: str, what: str) -> list[dict[str, Any]]:
    """What Traefik's own API tells, asked as the server asks it."""
    (secret,) = KeyRing(world.directory / "data" / "secret.key").keys
    key = secret.derived(b"proxy").hex()
    url = f"http://{address}:{INTERNAL_PORT}/api/http/{what}?per_page=1000"
    async with aiohttp.ClientSession(headers={KEY_HEADER: key}) as session, session.get(url) as answer:
        rows: list[dict[str, Any]] = await answer.json()
        return rows
