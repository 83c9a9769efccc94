"""Pages of somebody who is signed in, and what is on them while things happen."""

import re
import sqlite3
import time
from contextlib import closing
from statistics import median
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from tests.dashboard.browsing import Window
from tests.dashboard.owned import EMAIL, PASSWORD, Owned
from tests.docker.world import Application

pytestmark = pytest.mark.docker


_SEEN = """name => {
    const look = () => {
        const shown = [...document.querySelectorAll('h2')].some((each) => each.textContent.trim() === name);
        return shown ? Date.now() : new Promise(requestAnimationFrame).then(look);
    };
    return { at: look() };
}"""  # looks in each frame whether the page shows a part that is called so; `at`: when it did, in ms


async def _application(world: Owned, name: str) -> Application:
    health = {"kind": "HTTP", "path": "/health"}
    return await world.application(await world.environment(name), name, healthCheck=health)


async def test_two_browsers_see_the_same_at_once(owned_world: Owned, owners_window: Window, browser: Browser) -> None:
    async with Window.opened(browser, owned_world.address) as other:
        await owned_world.sign_in(other)
        for each in (owners_window, other):
            await each.page.goto("/")
            await expect(each.page.get_by_text("Live", exact=True)).to_be_visible()
        apart, late = [], []
        for name in ("twin-first", "twin-second", "twin-third"):
            seen = [await each.page.evaluate_handle(_SEEN, name) for each in (owners_window, other)]
            await owned_world.do("createProject", name=name)
            done = time.time() * 1000
            one, two = [await each.evaluate("({ at }) => at") for each in seen]
            apart.append(abs(one - two))
            late.append(max(one, two) - done)
        assert median(apart) < 500, apart
        assert median(late) < 500, late
        await other.looks_right("overview-many")
        other.has_complained_of_nothing()


async def test_a_page_outlives_its_server(owned_world: Owned, owners_window: Window) -> None:
    page = owners_window.page
    await owned_world.do("createProject", name="known")
    await page.goto("/")
    await expect(page.get_by_role("heading", name="known")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()

    owned_world.kill()
    await expect(page.get_by_text("No connection since")).to_be_visible()
    await expect(page.locator("main[data-stale]")).to_be_visible()
    await owners_window.looks_right("stale")
    owned_world.start()
    names = [f"missed-{number}" for number in range(4)]
    for name in names:
        await owned_world.do("createProject", name=name)

    await expect(page.get_by_text("Connected again.")).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    for name in names:
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
        await expect(page.get_by_text(f"Project {name} was created")).to_have_count(1)
    assert owners_window.loads == 1


_GAPS = {
    "gap": """DELETE FROM event WHERE sequence < (SELECT max(sequence) FROM event);
        UPDATE event SET sequence = sequence + 1000""",
    "backup": "DELETE FROM event; UPDATE sqlite_sequence SET seq = 0 WHERE name = 'event'",
}


@pytest.mark.parametrize("lost", _GAPS)
async def test_a_page_reads_everything_anew_when_it_cannot_catch_up(
    owned_world: Owned, owners_window: Window, lost: str
) -> None:
    """The log no longer reaches back far enough, or is that of a backup."""
    page = owners_window.page
    await page.goto("/activity")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    owned_world.kill()
    with closing(sqlite3.connect(owned_world.directory / "data" / "wharf.db", timeout=10)) as database:
        database.executescript(_GAPS[lost])
    owned_world.start()
    await expect(page.get_by_text("everything was read anew")).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await owned_world.do("createProject", name=f"after-the-{lost}")
    await expect(page.get_by_role("main").get_by_role("link", name=f"New project after-the-{lost}")).to_be_visible()
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
