"""The document for people with a Traefik of their own, loaded by a second, real one through its HTTP provider."""

import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import free_port
from tests.docker.application import Application
from tests.docker.composed import docker
from tests.docker.world import WHARF, Reply, World, eventually

pytestmark = pytest.mark.docker

# Whoever is run by this finds names in another file than everybody else.
WITH_NAMES = """
import os, subprocess, sys
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/hosts"], check=True)
os.execv(sys.argv[2], sys.argv[2:])
"""
READER = [
    {"action": "READ", "noun": "SERVER"},
    {"action": "READ", "noun": "DOMAIN"},
    {"action": "REVEAL", "noun": "DOMAIN"},
]


class Foreign:
    """A Traefik that somebody else has set up, on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def visit(self, host: str, path: str = "/", method: str = "GET", data: bytes | None = None) -> Reply:
        url = f"http://127.0.0.1:{self._port}{path}"
        async with (
            aiohttp.ClientSession() as visitor,
            visitor.request(method, url, headers={"Host": host}, data=data, allow_redirects=False) as answer,
        ):
            return Reply(answer.status, await answer.text(), dict(answer.headers))

    async def answers(self, host: str, status: int) -> bool:
        try:
            return (await self.visit(host)).status == status
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def foreign_traefik(directory: Path, endpoint: str, token: str) -> AsyncGenerator[Foreign]:
    """It asks every 100 ms, and finds containers by a file of names of its own."""
    port, secure = free_port(), free_port()
    told = {
        "entryPoints.web.address": f"127.0.0.1:{port}",
        "entryPoints.websecure.address": f"127.0.0.1:{secure}",
        "providers.http.endpoint": endpoint,
        "providers.http.headers.Authorization": f"Bearer {token}",
        "providers.http.pollInterval": "100ms",
        "providers.providersThrottleDuration": "50ms",
        "global.checkNewVersion": "false",
        "global.sendAnonymousUsage": "false",
    }
    arguments = [f"--{name}={value}" for name, value in told.items()]
    begin = ["unshare", "--mount", sys.executable, "-c", WITH_NAMES, str(directory / "hosts")]
    traefik = str(Path(WHARF).with_name("traefik"))
    with (directory / "traefik.log").open("wb") as log:
        process = subprocess.Popen([*begin, traefik, *arguments], stdout=log, stderr=log)
    try:
        yield Foreign(port)
    finally:
        process.terminate()
        process.wait(timeout=20)


def write_names(directory: Path, site: Application) -> None:
    """As a Traefik on the networks of the applications would find them."""
    labels = (f"wharf.instance={site.world.instance_id}", "wharf.kind=application")
    filters = [word for label in labels for word in ("--filter", f"label={label}")]
    names = docker("ps", *filters, "--format", "{{.Names}}").split()
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    lines = [f"{docker('inspect', '--format', form, name).split()[0]} {name}" for name in names]
    (directory / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))


async def test_a_traefik_of_somebody_else_serves_from_it_and_keeps_it_when_we_fail(
    world: World, environment: str, unique: Callable[[str], str], tmp_path: Path
) -> None:
    name = unique("site")
    site, stopped = await world.application(environment, name), await world.application(environment, f"{name}-off")
    await world.do("addDomain", applicationId=site.id, url=f"https://secure.{name}.test/api")
    await world.do("addDomain", applicationId=site.id, url=f"http://small.{name}.test", maxBodySize="1kB")
    assert (await site.deploy())["failure"] is None
    write_names(tmp_path, site)
    made = await world.do("createApiToken", "secret apiToken { id }", name=name, permissions=READER)
    server = (await world.ask("{ servers { id } }"))["servers"][0]["id"]
    endpoint = f"http://127.0.0.1:{world.port}/proxy/{server}/http.json"
    async with foreign_traefik(tmp_path, endpoint, made["secret"]) as foreign:
        await eventually(lambda: foreign.answers(site.host, 200), within=30)
        assert (await foreign.visit(stopped.host)).status == 503
        assert (await foreign.visit(f"unknown.{name}.test")).status == 404
        redirected = await foreign.visit(f"secure.{name}.test", "/api/a?b=1")
        assert (redirected.status, redirected.headers["Location"]) == (301, f"https://secure.{name}.test/api/a?b=1")
        assert (await foreign.visit(f"secure.{name}.test", "/api", "POST", b"x")).status == 308
        assert (await foreign.visit(f"small.{name}.test", "/", "POST", b"x" * 2000)).status == 413
        await world.do("addDomain", applicationId=site.id, url=f"http://later.{name}.test")
        await eventually(lambda: foreign.answers(f"later.{name}.test", 200), within=30)
        await world.do("revokeApiToken", tokenId=made["apiToken"]["id"])
        await world.do("addDomain", applicationId=site.id, url=f"http://never.{name}.test")

        async def refused() -> bool:
            return b"401" in (tmp_path / "traefik.log").read_bytes()

        await eventually(refused, within=30)
        statuses = [(await foreign.visit(host)).status for host in (site.host, f"never.{name}.test")]
        assert statuses == [200, 404], "what it had last it keeps"
    assert made["secret"].encode() not in world.log.read_bytes()
