"""The newcomer's tour without a pointer: keys alone, and at each step one sees where one is."""

import re
import socket

import pytest
from playwright.async_api import Page, expect

from tests.conftest import free_port
from tests.dashboard.browsing import Window
from tests.dashboard.hands import Hands
from tests.dashboard.owned import EMAIL, NAME, PASSWORD, Owned

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]


async def _heading(page: Page, name: str) -> None:
    await expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


async def test_the_tour_is_made_with_keys_alone(fresh_world: Owned, window: Window) -> None:
    page, hands = window.page, Hands(window.page)
    await _become_the_owner(fresh_world, window, hands)
    await _make_an_environment(page, hands)
    await _create_and_deploy(fresh_world, page, hands)
    await _deploy_another_and_roll_back(fresh_world, page, hands)
    await _expose_a_database(page, hands)
    await _make_and_revoke_a_token(page, hands)
    assert window.loads == 1


async def _become_the_owner(world: Owned, window: Window, hands: Hands) -> None:
    await window.page.goto("/")
    await expect(window.page).to_have_url(f"{window.address}/setup")
    await hands.fill(token=world.setup_token, name=NAME, email=EMAIL, password=PASSWORD)
    await hands.press("Enter")
    await expect(window.page.get_by_role("heading", name="Start with a project")).to_be_visible()


async def _make_an_environment(page: Page, hands: Hands) -> None:
    for kind, name in (("project", "shop"), ("environment", "production")):
        await hands.use("button", f"New {kind}")
        await expect(page.get_by_role("dialog").locator("[name=name]")).to_be_focused()
        await hands.type(name)
        await hands.press("Enter")
        await _heading(page, name)


async def _create_and_deploy(world: Owned, page: Page, hands: Hands) -> None:
    await hands.use("link", "New application")
    await hands.fill(name="web", image="wharf-sample:1")
    await hands.reach(page.locator("[name=pullPolicy]"))
    await hands.press("ArrowDown")
    await hands.fill(port="8000", path="/health", url="http://web.test")
    await hands.press("Enter")
    await _heading(page, "web")
    await expect(page.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=40_000)
    assert (await world.visit("web.test")).headers["X-Version"] == "1"


async def _deploy_another_and_roll_back(world: Owned, page: Page, hands: Hands) -> None:
    tabs = page.get_by_role("navigation", name="web")
    await hands.use("link", "Settings", within=tabs)
    await hands.reach(page.get_by_label("Image", exact=True))
    await hands.type("wharf-sample:2")
    await hands.press("Enter")
    await expect(page.get_by_text("Image: saved.")).to_be_visible()
    await hands.command("deploy web", "Deploy web")
    await hands.use("link", "Deployments", within=tabs)
    await expect(page.get_by_role("row", name=re.compile("Deployment 2.*Succeeded"))).to_be_visible(timeout=40_000)
    retired = page.get_by_role("row", name=re.compile("Release 1 .*Retired"))
    await hands.use("button", "Roll back to this", within=retired)
    await hands.use("button", "Roll back", within=page.get_by_role("dialog"))
    await expect(page.get_by_role("row", name=re.compile("Deployment 3.*Succeeded"))).to_be_visible(timeout=40_000)
    assert (await world.visit("web.test")).headers["X-Version"] == "1"


async def _expose_a_database(page: Page, hands: Hands) -> None:
    await hands.command("production shop", "production")
    await hands.use("link", "New database")
    await hands.reach(page.locator("[name=kind]:checked"))
    for _ in range(await page.locator("[name=kind]").count()):
        if not await page.get_by_label("Redis").is_checked():
            await hands.press("ArrowDown")
    await hands.reach(page.get_by_label("Version"))
    await page.keyboard.type("7.0")
    await expect(page.get_by_label("Version")).to_have_value("7.0")
    await hands.fill(name="cache")
    await hands.press("Enter")
    await _heading(page, "cache")
    await expect(page.locator("main header .status", has_text="Running")).to_be_visible(timeout=40_000)
    await hands.use("link", "Exposure", within=page.get_by_role("navigation", name="cache"))
    await hands.use("button", "Expose")
    port = free_port()
    await hands.reach(page.get_by_label(re.compile("^Port")))
    await hands.type(str(port))
    await hands.press("Enter")
    await expect(page.locator(".status", has_text="Listening")).to_be_visible(timeout=40_000)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


async def _make_and_revoke_a_token(page: Page, hands: Hands) -> None:
    await hands.press("g", "k")
    await _heading(page, "Tokens")
    await hands.use("link", "New token")
    await hands.fill(name="ci")
    await hands.press("Enter")
    secret = page.get_by_role("group", name="Token", exact=True).locator("code")
    await expect(secret).to_be_visible()
    await hands.use("link", "Done")
    await expect(page.get_by_role("row", name="ci")).to_be_visible()
    await hands.use("button", "Revoke ci")
    await hands.reach(page.get_by_role("dialog").get_by_label("Type ci to confirm"))
    await hands.type("ci")
    await hands.press("Enter")
    await expect(page.get_by_text("No tokens yet")).to_be_visible()
