"""Every page there is: looked at in both themes and on a phone, by its address alone."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.dashboard.browsing import ROOT, SCREENSHOTS, Window
from tests.dashboard.owned import Owned
from tests.engine.certificates.authority import authority, leaf

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

ROUTES = ROOT / "dashboard" / "src" / "routes"
PHONE: ViewportSize = {"width": 360, "height": 740}

# What everybody sees who is not signed in, and what those pages find in their links.
OPEN = {
    "/accept-invitation": "#none",
    "/forgot-password": "",
    "/reset-password": "#none",
    "/setup": "",
    "/sign-in": "",
}
EXPLORER = "/graphiql"


def _routes(root: Path = ROUTES) -> set[str]:
    """The addresses of all pages, with the names of their parameters."""
    found = (path.parent.relative_to(root).parts for path in root.rglob("+page.svelte"))
    return {"/" + "/".join(part for part in parts if not part.startswith("(")) for parts in found}


def _name(route: str) -> str:
    """What the pictures of a page are called."""
    return (
        "route-"
        + (re.sub(r"\[\w+\]/?", "", route).strip("/").replace("/", "-") or "overview")
        + ("-one" if route.endswith("]") else "")
    )


async def _whole(page: Page) -> None:
    """Wait until everything is there that the page shows at first."""
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)


async def _looked_at(window: Window, address: str, route: str) -> None:
    """Nobody is kept from using the page, whatever they see it on."""
    page = window.page
    await page.goto(address)
    await _whole(page)
    await window.looks_right(_name(route))
    size = page.viewport_size
    assert size
    await page.set_viewport_size(PHONE)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    await page.screenshot(path=SCREENSHOTS / f"{_name(route)}-phone.png", full_page=True, caret="initial")
    await page.set_viewport_size(size)
    assert wide <= PHONE["width"], f"{route} is {wide} pixels wide on a phone"


async def _things(world: Owned) -> dict[str, str]:
    """One thing of each kind that has a page, by the name of its parameter."""
    environment = await world.environment("shop")
    database = await world.database(environment, "REDIS", "cache", version="7.0")
    web = await world.application(environment, "web", replicas=2, healthCheck={"kind": "HTTP", "path": "/health"})
    await world.do("addVolume", applicationId=web.id, name="uploads", mountPath="/data")
    await web.variables(LOG_EVERY="0.2", GREETING="hello")
    mine = leaf(authority(), "db.example.com")
    brought = await world.do("uploadCertificate", "certificate { id }", chain=mine.chain, key=mine.key)
    deployment = await web.deploy()
    assert deployment["status"] == "SUCCEEDED"
    await database.until("RUNNING")
    await database.expose(allowedNetworks=["127.0.0.1"])
    await database.until_proxy("LISTENING")
    placed = await world.ask(
        "query($id: ID!) { environment(id: $id) { project { id } } certificateResolvers { id } }", id=environment
    )
    return {
        "application": web.id,
        "certificate": brought["certificate"]["id"],
        "database": database.id,
        "deployment": deployment["id"],
        "environment": environment,
        "project": placed["environment"]["project"]["id"],
        "resolver": placed["certificateResolvers"][0]["id"],
    }


async def test_every_page_is_for_everybody(owned_world: Owned, owners_window: Window) -> None:
    things = await _things(owned_world)
    for route in sorted(_routes() - set(OPEN) - {EXPLORER}):
        address = re.sub(r"\[(\w+)\]", lambda found: quote(things[found[1]], safe=""), route)
        await _looked_at(owners_window, address, route)


async def test_every_open_page_is_for_everybody(owned_world: Owned, window: Window) -> None:
    assert set(OPEN) <= _routes(), "a page that was open is gone"
    for route, link in OPEN.items():
        await _looked_at(window, route + link, route)


async def test_the_explorer_is_for_everybody(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    await page.goto(EXPLORER)
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("viewer", timeout=30_000)
    await owners_window.looks_right(_name(EXPLORER))


async def test_a_page_that_does_not_arrive_can_be_loaded_again(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page

    async def lost(route: Route) -> None:
        await route.abort()

    await page.goto("/")
    await _whole(page)
    await page.context.route(re.compile("/_app/immutable/(nodes|chunks)/"), lost)
    await page.get_by_role("link", name="Server", exact=True).click()
    await expect(page.get_by_role("heading", name="This page did not arrive.").first).to_be_visible()
    await owners_window.looks_right("incomplete")
    await page.context.unroute(re.compile("/_app/immutable/(nodes|chunks)/"), lost)
    await page.get_by_role("button", name="Load the page again").click()
    await expect(page.get_by_role("heading", level=1, name="Server")).to_be_visible()
    await page.goto("/nowhere")
    await expect(page.get_by_text("There is nothing here.").first).to_be_visible()
    await owners_window.looks_right("not-found")
    owners_window.complaints.clear()  # the browser's own words of what was lost, and of what is not there
