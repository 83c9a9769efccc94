"""Certificates that somebody brought, shown by a real Traefik for the names of their team."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.docker.secure import Connection, believes, connected, trusting
from tests.docker.world import Answer, Application, World, eventually
from tests.engine.certificates.authority import Signed, authority, intermediate, leaf

pytestmark = pytest.mark.docker

ROOT = authority()
BETWEEN = intermediate(ROOT)
OTHERS = authority("Another CA")
TRUST, THEM = trusting(ROOT), trusting(OTHERS)


async def bring(world: World, made: Signed, **more: object) -> str:
    """The id of a certificate that was brought."""
    brought = await world.do("uploadCertificate", "certificate { id }", chain=made.chain, key=made.key, **more)
    return str(brought["certificate"]["id"])


async def seen(world: World, certificate: str) -> Answer:
    document = "query($id: ID!) { certificate(id: $id) { state reason problem confirmedAt } }"
    found: Answer = (await world.ask(document, id=certificate))["certificate"]
    return found


async def is_confirmed(world: World, certificate: str) -> bool:
    """Whether it has been seen through the proxy that the certificate is shown."""
    found = await seen(world, certificate)
    return (found["state"], found["reason"]) == ("ISSUED", None) and found["confirmedAt"] is not None


@pytest.fixture
async def site(world: World, environment: str, unique: Callable[[str], str]) -> Application:
    """An application that serves at two names over HTTPS."""
    name = unique("site")
    site = await world.application(environment, name)
    for host in (f"shop.{name}.test", f"blog.{name}.test"):
        await world.do("addDomain", applicationId=site.id, url=f"https://{host}")
    assert (await site.deploy())["failure"] is None
    return site


@dataclass(frozen=True)
class Others:
    """Another team, beside ours, which has an application that nobody has deployed."""

    world: World
    ours: str
    team: str
    application: str
    certificates: list[str]

    async def bring(self, made: Signed) -> None:
        self.certificates.append(await bring(self.world, made, teamId=self.team))


@pytest.fixture
async def others(world: World, unique: Callable[[str], str]) -> AsyncGenerator[Others]:
    ours = (await world.ask("{ teams { id } }"))["teams"][0]["id"]
    team = (await world.do("createTeam", "team { id }", name=unique("team")))["team"]["id"]
    made = await world.do("createProject", "project { id }", name=unique("others"), teamId=team)
    project = made["project"]["id"]
    wanted = {"projectId": project, "name": "production"}
    environment = (await world.do("createEnvironment", "environment { id }", **wanted))["environment"]["id"]
    wanted = {"environmentId": environment, "name": "web", "image": "wharf-sample:1", "port": 8000}
    application = (await world.do("createApplication", "application { id }", **wanted))["application"]["id"]
    found = Others(world, ours, team, application, [])
    yield found
    await world.do("removeApplication", applicationId=application)

    async def gone() -> bool:
        removed = await world.mutate("removeEnvironment", environmentId=environment)
        return not removed["errors"]

    await eventually(gone)
    for certificate in found.certificates:
        await world.do("removeCertificate", certificateId=certificate)
    await world.do("removeProject", projectId=project)
    await world.do("removeTeam", teamId=team)


class Crowd:
    """Visitors who come without end, each on a connection of their own or each on one that they keep."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self.shown: list[tuple[float, float, int]] = []
        """When newcomers came, when they were let in, and the serial numbers of the certificates they were shown."""
        self.answers = 0

    def serials(self) -> set[int]:
        return {serial for _, _, serial in self.shown}

    async def come_anew(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            came = now()
            async with connected(self._world.https_port, self._name, TRUST) as visitor:
                self.shown.append((came, now(), visitor.certificate.serial_number))
                await self._ask(visitor)

    async def stay(self) -> None:
        async with connected(self._world.https_port, self._name, TRUST) as visitor:
            while True:
                await self._ask(visitor)
                await asyncio.sleep(0.005)

    async def _ask(self, visitor: Connection) -> None:
        assert await visitor.status() == 200
        self.answers += 1


@asynccontextmanager
async def crowd(world: World, name: str) -> AsyncGenerator[Crowd]:
    """Any visit that fails ends the test."""
    visitors = Crowd(world, name)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(visit()) for visit in (visitors.come_anew, visitors.come_anew, visitors.stay)]
        yield visitors
        for task in tasks:
            task.cancel()


async def test_a_wildcard_that_was_brought_is_shown_for_the_names_of_its_team_alone(
    world: World, site: Application, others: Others
) -> None:
    parent = site.host
    certificate = await bring(world, leaf(BETWEEN, f"*.{parent}", parent), teamId=others.ours)
    theirs = leaf(OTHERS, f"*.{parent}", parent, f"shop.{parent}")
    await world.do("addDomain", applicationId=others.application, url=f"https://theirs.{parent}")
    await others.bring(theirs)
    for name in (f"shop.{parent}", f"blog.{parent}"):
        await eventually(partial(believes, world.https_port, name, TRUST))
        async with connected(world.https_port, name, TRUST) as visitor:
            assert await visitor.status() == 200
        assert not await believes(world.https_port, name, THEM)

    async def nobody() -> bool:
        theirs = f"theirs.{parent}"
        return not (await believes(world.https_port, theirs, TRUST) or await believes(world.https_port, theirs, THEM))

    await eventually(nobody)  # it is a name of another team, whose certificate came second
    await eventually(partial(is_confirmed, world, certificate))
    left_out = await seen(world, others.certificates[0])
    assert left_out["reason"] == "NOT_SHOWN"
    assert left_out["problem"].startswith(f"It is for shop.{parent} too, a domain of another team")
    for name in (f"a.shop.{parent}", f"not-{parent}", "localhost"):
        assert not await believes(world.https_port, name, TRUST), "nobody brought one for it"
    refused = await world.mutate("removeCertificate", certificateId=certificate)
    assert f"blog.{parent}, which is a domain" in refused["errors"][0]["message"]
    for_less = leaf(BETWEEN, f"shop.{parent}")
    refused = await world.mutate(
        "updateCertificate", certificateId=certificate, chain=for_less.chain, key=for_less.key
    )
    assert [(error["code"], error["field"]) for error in refused["errors"]] == [("CONFLICT", ["input", "chain"])]
    assert f"not for blog.{parent}, which is a domain" in refused["errors"][0]["message"]


async def test_a_certificate_is_replaced_under_handshakes_and_requests_and_nobody_fails(
    world: World, site: Application
) -> None:
    name = f"shop.{site.host}"
    old = leaf(BETWEEN, name, f"blog.{site.host}")
    new = leaf(BETWEEN, f"*.{site.host}", key=Ed25519PrivateKey.generate())
    certificate = await bring(world, old)
    await eventually(lambda: believes(world.https_port, name, TRUST))
    async with crowd(world, name) as visitors:
        await eventually(lambda: _true(visitors.answers > 50))
        await world.do("updateCertificate", certificateId=certificate, chain=new.chain, key=new.key)
        await eventually(lambda: _true(new.certificate.serial_number in visitors.serials()))
        seen = visitors.answers
        await eventually(lambda: _true(visitors.answers > seen + 50))
    assert visitors.serials() == {each.certificate.serial_number for each in (old, new)}
    replaced = min(let_in for _, let_in, serial in visitors.shown if serial == new.certificate.serial_number)
    afterwards = {serial for came, _, serial in visitors.shown if came > replaced}
    assert afterwards == {new.certificate.serial_number}, "once replaced the old one is not shown again"


async def _true(condition: bool) -> bool:
    return condition
