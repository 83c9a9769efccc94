"""Pages of somebody who is signed in, and what is on them while things happen."""

import asyncio
import re
import time
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect

from tests.dashboard.browsing import Window
from tests.dashboard.owned import EMAIL, PASSWORD, Owned
from tests.docker.world import Application

pytestmark = pytest.mark.docker

MARKUP = "<img src=x onerror=alert(1)>"


async def _seen(page: Page, heading: str) -> float:
    """Wait until the page shows a part that is called so; when that was."""
    found = "name => [...document.querySelectorAll('h2')].some((each) => each.textContent.trim() === name)"
    await page.wait_for_function(found, arg=heading, polling="raf")
    return time.monotonic()


async def _application(world: Owned, name: str) -> Application:
    health = {"kind": "HTTP", "path": "/health"}
    return await world.application(await world.environment(name), name, healthCheck=health)


async def test_a_failing_deployment_is_understood_and_rolled_back(owned_world: Owned, owners_window: Window) -> None:
    world, page = owned_world, owners_window.page
    web = await _application(world, "failing")
    await web.deploy()
    script = f"import sys, time; print({MARKUP!r}); sys.exit(3)"
    await web.change(image="wharf-sample:2", command=["python3", "-uc", script])
    await page.goto(f"/applications/{web.id}")
    await page.get_by_role("button", name="Deploy", exact=True).click()

    await expect(page.get_by_text("The program ended")).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("listitem").filter(has_text="failed here")).to_contain_text("Checking")
    await expect(page.get_by_text(MARKUP)).to_be_visible()
    await expect(page.get_by_text("What was live before is live still.")).to_be_visible()
    assert await page.locator("img[src=x]").count() == 0
    await owners_window.looks_right("application-failed")

    await web.change(command=None)
    await page.get_by_role("button", name="Deploy", exact=True).click()
    await page.get_by_role("link", name="Deployments").click()
    await expect(page.get_by_role("row", name=re.compile("Deployment 3.*Succeeded"))).to_be_visible(timeout=30_000)
    await page.get_by_role("row", name=re.compile("Release 1 .*Retired")).get_by_role("button").click()
    await expect(page.get_by_role("dialog").get_by_text("wharf-sample:2")).to_be_visible()
    await owners_window.looks_right("roll-back")
    await page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    await expect(page.get_by_role("row", name=re.compile("Deployment 4.*Succeeded"))).to_be_visible(timeout=30_000)
    await web.until_answered_by("1")


async def test_two_browsers_see_the_same_at_once(owned_world: Owned, owners_window: Window, browser: Browser) -> None:
    async with Window.opened(browser, owned_world.address) as other:
        await owned_world.sign_in(other)
        for each in (owners_window, other):
            await each.page.goto("/")
            await expect(each.page.get_by_text("Live", exact=True)).to_be_visible()
        delays = []
        for name in ("first", "second", "third"):
            seen = [asyncio.create_task(_seen(each.page, f"twin-{name}")) for each in (owners_window, other)]
            await owned_world.do("createProject", name=f"twin-{name}")
            done = time.monotonic()
            delays.append(max(await asyncio.gather(*seen)) - done)
        assert min(delays) < 0.5, delays
        await other.looks_right("overview-many")
        other.has_complained_of_nothing()


async def test_a_page_outlives_its_server(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    await page.goto("/")
    await expect(page.get_by_text("All is well")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()

    owned_world.kill()
    await expect(page.get_by_text("No connection since")).to_be_visible()
    await expect(page.locator("main[data-stale]")).to_be_visible()
    await owners_window.looks_right("stale")
    owned_world.start()
    await owned_world.do("createProject", name="missed")

    await expect(page.get_by_text("Connected again.")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("heading", name="missed")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert owners_window.loads == 1


async def test_everything_is_reached_by_keyboard(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    await _application(owned_world, "palette")
    await page.goto("/")
    await expect(page.get_by_role("heading", name="palette")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await owners_window.looks_right("shortcuts")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("deploy palette")
    await expect(page.get_by_role("dialog").get_by_role("option")).to_have_count(1)
    await owners_window.looks_right("palette")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("palette is being deployed.")).to_be_visible()
    await expect(page.locator("header .status", has_text="Running")).to_be_visible(timeout=30_000)


async def test_a_phone_has_room_for_it(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    web = await _application(owned_world, "phone")
    await page.set_viewport_size({"width": 360, "height": 740})
    for name, path in (("phone-overview", "/"), ("phone-application", f"/applications/{web.id}")):
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_text("phone", exact=True).first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await owners_window.looks_right(name)


async def test_the_explorer_follows_events_with_the_session(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    now = (await owned_world.ask("{ eventCursor }"))["eventCursor"]
    asked = f'subscription {{ events(after: "{now}") {{ ... on ResourceCreated {{ name }} }} }}'
    await page.goto(f"/graphiql?query={quote(asked)}")
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("ResourceCreated", timeout=30_000)
    await page.get_by_role("button", name=re.compile("Execute query")).click()
    await expect(page.get_by_role("button", name=re.compile("Stop query"))).to_be_visible()
    await owned_world.do("createProject", name="explored")
    await expect(page.locator(".result-window")).to_contain_text("explored")


async def test_who_is_signed_out_comes_back_to_where_they_were(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    web = await _application(owned_world, "signing")
    await page.goto(f"/applications/{web.id}")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await owners_window.looks_right("sign-in")
    await page.goto(f"/applications/{web.id}")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill("something else")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_text("The address, the password or the code is wrong.")).to_be_visible()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="signing")).to_be_visible()
