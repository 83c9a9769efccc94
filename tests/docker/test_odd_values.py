"""What looks bad and is accepted does no harm: it reaches containers as typed, and routes only what is its own."""

import json
import os
from collections.abc import Callable

import aiohttp
import pytest
from yarl import URL

from engine import names
from engine.docker.gateway import DockerGateway
from engine.errors import InvalidInput
from tests.docker.test_deploying import raw_id
from tests.docker.world import Answer, Application, World, eventually
from tests.graph.api.bad_values import HOSTS, MOUNT_PATHS, PATH_PREFIXES, TEXTS

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

NEEDED = ("proc", "sys", "dev", "etc")  # of a container, for anything to run in it
SERVER = ("python3", "-I", "-S", "/app/server.py")
LOOK = r"""
import json, os, sys
words = open("/proc/1/cmdline", "rb").read().split(b"\0")[:-1]
found = {name: os.environ.get(name) for name in sys.argv[2].split()}
escaped = [line.split()[4] for line in open("/proc/1/mountinfo", "rb")]
points = [point.decode("unicode_escape").encode("latin-1").decode() for point in escaped]
mounted = sorted(set(json.loads(sys.argv[1])) & set(points))
print(json.dumps({"words": [word.decode() for word in words], "variables": found, "mounted": mounted}))
"""


def accepted(check: Callable[[str], str], values: list[str]) -> list[str]:
    """Those that pass, in the form in which they are kept."""
    kept = []
    for value in values:
        try:
            kept.append(check(value))
        except InvalidInput:
            continue
    return sorted(set(kept))


async def test_values_reach_a_container_byte_for_byte(world: World, environment: str) -> None:
    paths = [path for path in accepted(names.mount_path, MOUNT_PATHS) if path.split("/")[1] not in NEEDED]
    values = {f"V{number}": text for number, text in enumerate(TEXTS)}
    words = [*SERVER, *TEXTS]
    odd = await world.application(
        environment,
        "odd",
        command=words,
        variables=[{"name": name, "value": value} for name, value in values.items()],
        volumes=[{"name": f"v{number}", "mountPath": path} for number, path in enumerate(paths[:100])],
    )
    deployment = await odd.deploy()
    assert deployment["failure"] is None
    found = await look_into(odd, paths[:100], list(values))
    assert found["words"] == words
    assert found["variables"] == values
    assert found["mounted"] == paths[:100]


async def look_into(application: Application, paths: list[str], variables: list[str]) -> Answer:
    docker = DockerGateway(None)
    try:
        key = await raw_id(application.world, application.id)
        (container,) = await docker.list_containers({"wharf.application": key})
        command = ["python3", "-c", LOOK, json.dumps(paths), " ".join(variables)]
        result = await docker.exec(container.id, command, 20)
    finally:
        await docker.close()
    assert result.exit_code == 0, result.output
    answer: Answer = json.loads(result.output)
    return answer


async def test_odd_hosts_and_paths_are_routed_and_take_nothing_from_others(world: World, environment: str) -> None:
    neighbour, odd = await world.application(environment, "calm"), await world.application(environment, "odd")
    for application in (neighbour, odd):
        assert (await application.deploy())["status"] == "SUCCEEDED"
    await world.do("addDomain", applicationId=neighbour.id, url="http://same.test/neighbour")

    domains = [(host, "/") for host in accepted(names.hostname, HOSTS)]
    domains += [("same.test", prefix) for prefix in accepted(names.path_prefix, PATH_PREFIXES)]
    for host, prefix in domains:
        await world.do("addDomain", applicationId=odd.id, url=f"http://{host}{prefix}", stripPrefix=prefix != "/")

    whose = (await odd.get()).text

    async def all_lead_there() -> bool:
        return {await greeting(world, host, prefix) for host, prefix in domains} == {whose}

    await eventually(all_lead_there)
    assert (await neighbour.get()).text != whose
    assert await greeting(world, "same.test", "/neighbour") != whose, "a longer prefix wins"
    assert (await world.visit("nobody.test")).status == 404


async def test_more_cores_than_the_server_has_are_refused_at_once(world: World, environment: str) -> None:
    application = await world.application(environment, "greedy")
    cores = os.cpu_count() or 1

    async def refused() -> list[Answer]:
        answer = await world.mutate("updateApplication", applicationId=application.id, cpuLimit=cores + 0.5)
        errors: list[Answer] = answer["errors"]
        return errors

    await eventually(refused)  # the server may only just have begun to look at its Docker
    (error,) = await refused()
    assert error["field"] == ["input", "cpuLimit"]
    assert error["message"] == f"cpuLimit must be between 0.01 and {cores} cores, as many as the server has."
    await application.change(cpuLimit=cores)
    assert (await application.deploy())["status"] == "SUCCEEDED"


async def greeting(world: World, host: str, path: str) -> str:
    """What is answered to a request whose path is sent as it is."""
    url = URL(f"http://127.0.0.1:{world.http_port}{path}", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Host": host}) as answer:
        return await answer.text()
