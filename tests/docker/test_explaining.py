"""A broken case of each kind, on a real proxy: what explainUrl says, and that a real request meets just that."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from engine.docker.gateway import DockerGateway
from tests.docker.names import Names, running_names
from tests.docker.world import Application, World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

EXPLAIN = """query($url: String!, $visitor: IPv4Address) { explainUrl(url: $url, visitor: $visitor) {
    outcome verdict status location served
    steps { kind outcome message }
    candidates { acts message domain { url } }
    domain { url } application { name } certificate { names }
} }"""
CHECK = "check { names { host problem reason checks { subject outcome message address ours } } }"
HERE = "127.0.0.1"


@dataclass
class Scene:
    """An installation whose names are looked up at a server of the test's own, and what runs there."""

    world: World
    names: Names
    shop: Application
    domains: dict[str, str]

    async def explained(self, url: str, visitor: str | None = HERE) -> dict[str, Any]:
        """The explanation, which is what a real request from here meets, as far as it says what that is."""
        told: dict[str, Any] = (await self.world.ask(EXPLAIN, url=url, visitor=visitor))["explainUrl"]
        met = await self.met(url)
        if told["served"]:
            assert met[1:] == (None, "1"), (told, met)
        elif told["status"]:
            assert met == (told["status"], told["location"], None), (told, met)
        return told

    async def met(self, url: str) -> tuple[int, str | None, str | None]:
        """Status, location, and the application's version, of a request to the proxy whatever DNS says."""
        asked = URL(url)
        port = self.world.environ["WHARF_HTTPS_PORT"] if asked.scheme == "https" else self.world.http_port
        there = f"{asked.scheme}://{HERE}:{port}{asked.raw_path_qs}"
        async with (
            aiohttp.ClientSession() as session,
            session.get(there, headers={"Host": asked.host or ""}, ssl=False, allow_redirects=False) as answer,
        ):
            return answer.status, answer.headers.get("Location"), answer.headers.get("X-Version")

    async def domain(self, application: Application, url: str, **fields: object) -> str:
        made = await self.world.do("addDomain", "domain { id }", applicationId=application.id, url=url, **fields)
        self.domains[url] = str(made["domain"]["id"])
        return self.domains[url]

    def write(self, statement: str, *values: str) -> None:
        with sqlite3.connect(self.world.directory / "data" / "wharf.db", timeout=10) as connection:
            assert connection.execute(statement, values).rowcount == 1
        connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    with running_names() as names:
        world = World(tmp_path_factory.mktemp("explaining"), WHARF_DNS_SERVERS=f"{HERE}:{names.port}")
        try:
            world.start()
            yield await _made(world, names)
        finally:
            world.stop()
            world.uninstall()


async def _made(world: World, names: Names) -> Scene:
    environment = await world.environment("explained")
    shop = await world.application(environment, "shop")
    scene = Scene(world, names, shop, {})
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    await scene.domain(shop, "http://api.test/api", stripPrefix=True)
    await scene.domain(shop, "https://both.test", wwwMode="REDIRECT")
    await scene.domain(shop, "http://*.wild.test")
    await scene.domain(shop, "http://locked.test", basicAuth=[{"name": "ann", "password": "secret-of-ann"}])
    await scene.domain(shop, "http://inside.test", allowedNetworks=["203.0.113.0/24"])
    await scene.domain(shop, "http://astray.test")
    await eventually(lambda: _answers(scene, "http://astray.test/", 200))
    return scene


async def _answers(scene: Scene, url: str, status: int) -> bool:
    return (await scene.met(url))[0] == status


def step(told: dict[str, Any], kind: str) -> tuple[str, str]:
    (found,) = [each for each in told["steps"] if each["kind"] == kind]
    return found["outcome"], found["message"]


async def test_all_is_well(scene: Scene) -> None:
    told = await scene.explained("http://shop.test/any?x=1")
    assert (told["outcome"], told["verdict"], told["served"]) == ("OK", "All is well: shop answers.", True)
    assert [(each["kind"], each["outcome"]) for each in told["steps"]] == [
        (kind, "OK") for kind in ("DNS", "PORT", "ROUTER", "APPLICATION", "CONTAINER", "HEALTH")
    ]
    assert (told["domain"]["url"], told["application"]["name"]) == ("http://shop.test", "shop")
    assert step(told, "DNS")[1] == "shop.test points to 127.0.0.1."


@pytest.mark.parametrize(
    ("url", "status", "verdict"),
    [
        ("http://nobody.test/", 404, "No domain leads anything for nobody.test/ over HTTP: it gets the 404 page of "
         "the proxy. Add a domain for it to an application."),
        ("http://shup.test/", 404, "http://shop.test is for shop.test, which differs in one character."),
        ("http://api.test/other", 404, "http://api.test/api leads what is at /api and below it, and /other is not."),
        ("http://www.shop.test/", 404, "http://shop.test does not stand for www.shop.test. Set its wwwMode"),
        ("http://a.b.wild.test/", 404, "http://*.wild.test stands for names with exactly one label in place of the"),
        ("https://shop.test/", 404, "http://shop.test answers plain HTTP only. Give it an https URL"),
        ("http://locked.test/", 401, "Visitors are asked for name and password (basicAuth)"),
        ("http://inside.test/", 403, "127.0.0.1 is answered with 403: only visitors from 203.0.113.0/24 are let in."),
    ],
)  # fmt: skip
async def test_what_keeps_a_request_from_the_application(scene: Scene, url: str, status: int, verdict: str) -> None:
    told = await scene.explained(url)
    assert (told["outcome"], told["status"], told["served"]) == ("WRONG", status, False)
    assert verdict in told["verdict"]


async def test_a_domain_that_was_nearly_meant_is_named(scene: Scene) -> None:
    told = await scene.explained("http://shup.test/")
    assert [(each["acts"], each["domain"]["url"]) for each in told["candidates"]] == [(False, "http://shop.test")]


async def test_who_asks_matters_only_where_that_is_said(scene: Scene) -> None:
    told = await scene.explained("http://inside.test/", visitor=None)
    assert (told["outcome"], told["status"]) == ("UNKNOWN", None)
    assert "Only visitors from 203.0.113.0/24 are let in" in told["verdict"]
    allowed = (await scene.world.ask(EXPLAIN, url="http://inside.test/", visitor="203.0.113.9"))["explainUrl"]
    assert (allowed["outcome"], allowed["served"]) == ("OK", True)


async def test_http_is_redirected_where_https_serves(scene: Scene) -> None:
    port = scene.world.environ["WHARF_HTTPS_PORT"]
    told = await scene.explained("http://both.test/a?b=c")
    assert (told["outcome"], told["status"]) == ("OK", 308)
    assert told["location"] == f"https://both.test:{port}/a?b=c"
    assert told["verdict"] == f"All is well: both.test answers with a permanent redirect (308) to {told['location']}."
    www = await scene.explained("http://www.both.test/")
    assert (www["location"], www["candidates"][0]["domain"]["url"]) == (
        f"https://both.test:{port}/",
        "https://both.test",
    )
    assert step(www, "APPLICATION")[0] == "NOT_REACHED"


async def test_a_port_that_is_not_the_proxys_is_said(scene: Scene) -> None:
    told = await scene.explained("http://shop.test:1234/")
    assert told["verdict"] == f"The proxy answers HTTP on port {scene.world.http_port}, not on 1234. Ask it there."


async def test_where_dns_leads_is_said_first(scene: Scene) -> None:
    docker = DockerGateway(None)
    labels = {"wharf.instance": scene.world.instance_id, "wharf.kind": "proxy"}
    (proxy,) = await docker.list_containers(labels)
    await docker.close()
    elsewhere = sorted(proxy.addresses.values())[0]
    scene.names.point("astray.test", elsewhere)
    told = await scene.explained("http://astray.test/")
    assert told["verdict"] == (
        f"astray.test points to {elsewhere}, not to this server (127.0.0.1): on port {scene.world.http_port}, "
        "nothing listens there. Change its A record to 127.0.0.1."
    )
    assert (step(told, "DNS")[0], step(told, "PORT")[0], step(told, "APPLICATION")[0]) == (
        "WRONG",
        "NOT_REACHED",
        "OK",
    )
    scene.names.point("astray.test", "127.0.0.4")
    told = await scene.explained("http://astray.test/")
    assert (step(told, "DNS")[0], step(told, "PORT")[0]) == ("OK", "WRONG")
    assert "nothing listens there. Have the proxy answer at this address" in told["verdict"]
    scene.names.fail("astray.test")
    told = await scene.explained("http://astray.test/")
    assert told["verdict"].startswith("DNS does not say what the A records of astray.test are")


async def test_all_names_of_a_domain_are_checked_at_once(scene: Scene) -> None:
    domain = scene.domains["https://both.test"]
    scene.names.point("www.both.test", "127.0.0.4")
    found = (await scene.world.do("checkDomain", CHECK, domainId=domain))["check"]["names"]
    assert [(each["host"], each["reason"]) for each in found] == [
        ("both.test", None),
        ("www.both.test", "PORT_UNREACHABLE"),
    ]
    addresses = [each for each in found[0]["checks"] if each["subject"] == "ADDRESS"]
    assert [(each["address"], each["ours"], each["outcome"]) for each in addresses] == [("127.0.0.1", True, "OK")]
    assert found[1]["problem"].startswith("www.both.test points here, to 127.0.0.4, but on port")
    scene.names.point("www.both.test")


async def test_a_certificate_that_is_not_there_is_the_problem_of_https_only(scene: Scene) -> None:
    told = await scene.explained("https://both.test/")
    assert (told["outcome"], told["served"]) == ("WRONG", True)
    assert told["verdict"].startswith("The certificate for both.test is on its way (")
    assert told["certificate"] == {"names": ["both.test"]}
    scene.write(
        "UPDATE certificate SET state = 'FAILED', problem = 'The authority says no.', next_attempt_at = "
        "'2999-01-31 12:00:00.000000' WHERE host = ?",
        "both.test",
    )
    told = await scene.explained("https://both.test/")
    assert told["verdict"] == (
        "There is no certificate for both.test: The authority says no. The next attempt is at 2999-01-31 12:00 UTC."
    )
    assert step(await scene.explained("http://shop.test/"), "ROUTER")[0] == "OK"


async def test_a_domain_that_the_proxy_does_not_take_is_told_so(scene: Scene) -> None:
    await scene.domain(scene.shop, "http://bad.test")
    await eventually(lambda: _answers(scene, "http://bad.test/", 200))
    scene.write("UPDATE domain SET options = '{\"nonsense\": 1}' WHERE host = ?", "bad.test")
    await scene.domain(scene.shop, "http://bad.test/health")  # what is published then has the options as they are now
    await eventually(lambda: _answers(scene, "http://bad.test/", 404))
    told = await scene.explained("http://bad.test/")
    assert (told["outcome"], told["status"]) == ("WRONG", 404)
    assert "http://bad.test fits, but the proxy does not take it: Its options cannot be read" in told["verdict"]


async def test_why_an_application_does_not_answer(scene: Scene) -> None:
    world = scene.world
    environment = await world.environment("silent")
    empty, busy, broken = [await world.application(environment, name) for name in ("empty", "busy", "broken")]
    await world.do("setMaintenance", applicationId=busy.id, mode="PAGE", message="Back at noon.")
    await broken.variables(BOOT="exit:3")
    assert (await broken.deploy())["status"] == "FAILED"
    await scene.shop.stop()
    for application in (empty, busy, broken, scene.shop):
        await eventually(lambda application=application: application.answers(503))  # type: ignore[misc]
    verdicts = {
        each.host: await scene.explained(f"http://{each.host}/") for each in (empty, busy, broken, scene.shop)
    }
    assert {host: (told["status"], told["outcome"]) for host, told in verdicts.items()} == dict.fromkeys(
        verdicts, (503, "WRONG")
    )
    assert verdicts["empty.test"]["verdict"].startswith("Nothing of empty runs yet: visitors get a page")
    assert verdicts["busy.test"]["verdict"].startswith("busy is in maintenance")
    assert "broken" in verdicts["broken.test"]["verdict"]
    assert "3" in verdicts["broken.test"]["verdict"]
    assert verdicts["shop.test"]["verdict"].startswith("shop is stopped: visitors get a page that says so (503).")
    await scene.shop.deploy("start")
