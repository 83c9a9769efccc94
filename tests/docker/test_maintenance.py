"""Maintenance and options of domains, asked for through the API, as visitors meet them at once."""

import asyncio
from typing import Any

import pytest

from tests.docker.raw import Heard, ask
from tests.docker.world import World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


async def test_visitors_see_the_page_until_it_is_over(world: World, environment: str) -> None:
    shop = await world.application(environment, "shop")
    await shop.deploy()
    await world.do("setMaintenance", applicationId=shop.id, mode="PAGE", message="Back at <noon>")
    await eventually(lambda: shop.answers(503))
    page = await shop.get()
    assert "Back at &lt;noon&gt;" in page.text
    assert page.headers["Retry-After"] == "60"
    await shop.variables(VERSION="2")
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    assert (await shop.get()).status == 503
    await world.do("setMaintenance", applicationId=shop.id, mode="OFF")
    await shop.until_answered_by("2")


async def test_nobody_notices_a_release_that_is_changed_while_they_wait(world: World, environment: str) -> None:
    shop = await world.application(
        environment, "shop", strategy="RECREATE", variables=[{"name": "VERSION", "value": "1"}]
    )
    await shop.deploy()
    await shop.until_answered_by("1")
    await world.do("setMaintenance", applicationId=shop.id, mode="HOLD")
    waiting: set[asyncio.Task[Heard]] = set()

    async def somebody_waits() -> bool:
        """Those who came before the proxy held anybody have been answered."""
        waiting.add(asyncio.create_task(ask(world.http_port, shop.host)))
        done, pending = await asyncio.wait(waiting, timeout=0.2)
        waiting.difference_update(done)
        return len(pending) >= 10

    await eventually(somebody_waits)
    await shop.variables(VERSION="2")
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    await world.do("setMaintenance", applicationId=shop.id, mode="OFF")
    answers = await asyncio.gather(*waiting)
    assert {(each.status, each.headers["x-version"]) for each in answers} == {(200, "2")}
    await shop.until_answered_by("2")


async def test_options_are_obeyed_at_once_and_forgotten_at_once(world: World, environment: str) -> None:
    shop = await world.application(environment, "shop")
    await shop.deploy()
    url = f"https://safe-{shop.host}"
    ann = [{"name": "ann", "password": "correct horse"}]
    hsts = {"maxAge": "1d"}
    wanted = {"applicationId": shop.id, "url": url, "basicAuth": ann, "hsts": hsts, "wwwMode": "REDIRECT"}
    domain_id = (await world.do("addDomain", "domain { id }", **wanted))["domain"]["id"]

    async def visit(**how: Any) -> Heard:
        return await ask(world.https_port, f"safe-{shop.host}", tls=True, **how)

    async def meets(status: int) -> bool:
        return (await visit()).status == status

    await eventually(lambda: meets(401))
    welcome = await visit(lines="Authorization: Basic YW5uOmNvcnJlY3QgaG9yc2U=\r\n")
    assert (welcome.status, welcome.headers["strict-transport-security"]) == (200, "max-age=86400")
    moved = await ask(world.http_port, f"www.safe-{shop.host}", "/a?b")
    assert (moved.status, moved.location) == (308, f"{url}:{world.https_port}/a?b")
    await world.do("updateDomain", domainId=domain_id, basicAuth=None, maxBodySize=3)
    await eventually(lambda: meets(200))
    large = await visit(method="POST", target="/echo", lines="Content-Length: 4\r\n")
    assert large.status == 413
    found = await world.ask("query($id: ID!) { node(id: $id) { ... on Domain { problem } } }", id=domain_id)
    assert found["node"]["problem"] is None
