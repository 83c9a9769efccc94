"""The tabs of an application's page, on one that runs twice and writes a line now and then."""

import logging
import re
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from tests.dashboard.browsing import Window
from tests.dashboard.owned import Owned
from tests.docker.application import Application

pytestmark = pytest.mark.docker

report = logging.getLogger(__name__)

MARKUP = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def web() -> dict[str, Application]:
    """The application that the tests of this module share, once it is there."""
    return {}


async def shown(owned_world: Owned, window: Window, web: dict[str, Application], tab: str) -> Page:
    """A page of the application, which is deployed by whoever needs it first."""
    if "web" not in web:
        environment = await owned_world.environment("shop")
        web["web"] = await owned_world.application(environment, "web", replicas=2)
        await web["web"].variables(LOG_EVERY="2")  # a line stays on the screen for half a minute
        assert (await web["web"].deploy())["status"] == "SUCCEEDED"
    await window.page.goto(f"/applications/{quote(web['web'].id, safe='')}/{tab}")
    return window.page


async def test_logs_are_followed_searched_and_resumed(
    owned_world: Owned, owners_window: Window, web: dict[str, Application]
) -> None:
    page = await shown(owned_world, owners_window, web, "logs")
    log = page.get_by_role("log", name="Logs")
    await expect(log).to_contain_text("1 listens on port 8000")
    await web["web"].get("/log?text=" + quote(f"red \x1b[1;31malert\x1b[0m {MARKUP}"))
    alerts = log.locator(".line", has_text="alert")
    await expect(alerts).to_have_count(2)
    await expect(alerts.first).to_contain_text(f"red alert {MARKUP}")
    await expect(alerts.first.locator(".red.bold")).to_have_text("alert")
    await owners_window.looks_right("application-logs")

    # Whoever scrolls up is left there; whoever wants to follows again.
    await expect(page.get_by_role("button", name="Follow")).to_be_hidden()
    await page.get_by_label("Search in the log").fill("ALERT")
    await expect(page.get_by_text("1 of 2 lines")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("2 of 2 lines")).to_be_visible()
    await page.get_by_role("button", name="Next hit").click()
    await expect(log.locator(".current mark")).to_have_text("alert")
    await owners_window.looks_right("application-logs-search")
    await page.get_by_role("button", name="Follow").click()
    await page.get_by_label("Search in the log").fill("")

    # One of the two alone, and all of it as a file.
    await page.get_by_label("Whose lines").select_option(label="Replica 2 of release 1")
    await expect(log.locator(".source").first).to_have_text("2")
    await page.get_by_label("Whose lines").select_option("")
    await page.get_by_label("Wrap").check()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download").click()
    text = (await (await download.value).path()).read_text()
    assert f"red alert {MARKUP}\n" in text
    assert "\x1b" not in text

    # The server goes and comes back: what was written meanwhile is there once, and nothing else twice.
    owned_world.stop()
    await expect(page.get_by_text("It goes on after line")).to_be_visible()
    await web["web"].get("/log?text=meanwhile")
    owned_world.start()
    await expect(log).to_contain_text("meanwhile")
    await expect(page.get_by_text("Nothing is missing.")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download").click()
    lines = [line.split(" ", 1)[1] for line in (await (await download.value).path()).read_text().splitlines()]
    numbered = [line for line in lines if " line " in line]
    assert len(numbered) == len(set(numbered))
    for replica in ("Replica 1", "Replica 2"):
        counted = [int(line.rsplit(" ", 1)[1]) for line in numbered if line.startswith(replica)]
        assert counted == list(range(counted[0], counted[0] + len(counted)))
    assert owners_window.loads == 1


async def test_metrics_are_drawn(owned_world: Owned, owners_window: Window, web: dict[str, Application]) -> None:
    page = await shown(owned_world, owners_window, web, "metrics")
    rows = page.get_by_role("table").get_by_role("row")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("MiB")
    await expect(rows.nth(1)).to_contain_text("/s", timeout=20_000)
    await expect(page.locator("canvas")).to_have_count(4)
    await owners_window.looks_right("application-metrics")


async def test_variables_are_pasted_and_deployed(
    owned_world: Owned, owners_window: Window, web: dict[str, Application]
) -> None:
    page = await shown(owned_world, owners_window, web, "variables")
    await page.get_by_role("button", name="Add variable").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("API KEY")
    await page.get_by_role("dialog").get_by_label("Value").fill("s3cret")
    await page.get_by_role("dialog").get_by_label("Secret").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog").locator("[aria-invalid]")).to_be_focused()
    await page.get_by_role("dialog").get_by_label("Name").fill("API_KEY")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="API_KEY")).to_contain_text("hidden")

    await page.get_by_role("button", name="Paste .env").click()
    text = (
        f"# from before\nexport LOG_EVERY=0.5\nGREETING=\"two\nlines\"  # and a comment\nHTML='{MARKUP}'\nnonsense\n"
    )
    await page.get_by_label("Text of the file").fill(text)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("row", name="LOG_EVERY")).to_contain_text("changed")
    await expect(dialog.get_by_role("row", name="GREETING")).to_contain_text("added")
    await expect(dialog).to_contain_text("Line 6: there is no = in “nonsense”.")
    await expect(dialog).to_contain_text("1 variable that the file does not name stays as before.")
    await owners_window.looks_right("application-variables-paste")
    await page.get_by_role("button", name="Set 3 variables").click()
    await expect(page.get_by_role("row", name="HTML")).to_contain_text(MARKUP)
    await expect(page.get_by_text("4 changes wait for the next deployment")).to_be_visible()
    await owners_window.looks_right("application-variables")

    await page.get_by_role("button", name="Deploy changes").click()
    await expect(page.get_by_role("button", name="Cancel deployment")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel deployment")).to_be_hidden(timeout=40_000)
    await expect(page.get_by_text("wait for the next deployment")).to_be_hidden()
    assert (await web["web"].get("/env?name=GREETING")).text == "two\nlines"
    await page.get_by_role("button", name="Remove API_KEY").click()
    await page.get_by_label("Type API_KEY to confirm").fill("API_KEY")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="API_KEY")).to_be_hidden()


async def test_settings_and_volumes_are_changed(
    owned_world: Owned, owners_window: Window, web: dict[str, Application]
) -> None:
    page = await shown(owned_world, owners_window, web, "volumes")
    await page.get_by_role("button", name="Add volume").first.click()
    await page.get_by_role("dialog").get_by_label("Name").fill("uploads")
    await page.get_by_role("dialog").get_by_label("Path in the container").fill("data")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog").locator("[aria-invalid]")).to_be_focused()
    await page.get_by_role("dialog").get_by_label("Path in the container").fill("/data")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="uploads")).to_contain_text("/data")
    await owners_window.looks_right("application-volumes")

    await page.get_by_role("navigation", name="web").get_by_role("link", name="Settings").click()
    limits = page.locator("section", has=page.get_by_role("heading", name="Limits"))
    await limits.get_by_label("Memory").fill("much")
    await limits.get_by_role("button", name="Save").click()
    await expect(limits.get_by_label("Memory")).to_be_focused()
    await limits.get_by_label("Memory").fill("256MiB")
    await limits.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Limits: saved.")).to_be_visible()
    await expect(page.get_by_text("memory limit", exact=True)).to_be_visible()
    await owners_window.looks_right("application-settings")

    upkeep = page.locator("section", has=page.get_by_role("heading", name="Maintenance"))
    await upkeep.get_by_label("What visitors meet").select_option("PAGE")
    await upkeep.get_by_label("What the page tells them").fill("Back at noon.")
    await upkeep.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Maintenance: saved.")).to_be_visible()
    await expect(upkeep.get_by_role("button", name="Save")).to_be_disabled()


async def test_a_phone_has_room_for_it(
    owned_world: Owned, owners_window: Window, web: dict[str, Application]
) -> None:
    await owners_window.page.set_viewport_size({"width": 360, "height": 740})
    seen: dict[str, str | re.Pattern[str]] = {
        "logs": re.compile(r"line \d+"),
        "metrics": "MiB",
        "variables": "LOG_EVERY",
        "domains": "http://web.test",
    }
    for tab, text in seen.items():
        page = await shown(owned_world, owners_window, web, tab)
        await expect(page.get_by_role("main").get_by_text(text).first).to_be_visible()
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{tab}: {wide}"
        await owners_window.looks_right(f"application-{tab}-phone")


async def test_domains_are_added_checked_and_explained(
    owned_world: Owned, owners_window: Window, web: dict[str, Application]
) -> None:
    page = await shown(owned_world, owners_window, web, "domains")
    await expect(page.get_by_text("Served", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Add domain").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("URL").fill("https://shop.test/a")
    await dialog.get_by_label("The other name").select_option(label="www.shop.test redirects to it")
    await dialog.get_by_text("More options").click()
    await dialog.get_by_label("Only from these networks").fill("everywhere")
    await owners_window.looks_right("application-domain-new")
    await dialog.get_by_role("button", name="Add domain").click()
    await expect(dialog.get_by_label("Only from these networks")).to_be_focused()
    await dialog.get_by_label("Only from these networks").fill("127.0.0.0/8")
    await dialog.get_by_role("button", name="Add domain").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("link", name="https://shop.test/a")).to_be_visible()
    await expect(page.get_by_text("www option: redirects")).to_be_visible()

    await page.get_by_role("button", name="Check https://shop.test/a").click()
    await expect(dialog.get_by_role("heading", name="www.shop.test")).to_be_visible()
    await owners_window.looks_right("application-domain-check")
    await dialog.get_by_role("button", name="Close").last.click()

    await page.get_by_label("Address", exact=True).fill("http://nowhere.test/")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("A request for http://nowhere.test/")).to_be_visible()
    await owners_window.looks_right("application-domains")


async def test_an_application_is_removed_by_its_name(
    owned_world: Owned, owners_window: Window, web: dict[str, Application]
) -> None:
    page = await shown(owned_world, owners_window, web, "settings")
    await page.get_by_role("button", name="Remove application").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Delete what is in its volumes").check()
    remove = dialog.get_by_role("button", name="Remove application and data")
    await dialog.get_by_label("Type web to confirm").fill("wed")
    await expect(remove).to_be_disabled()
    await dialog.get_by_label("Type web to confirm").fill("web")
    await owners_window.looks_right("application-remove")
    await remove.click()
    await expect(page.get_by_role("heading", name="production")).to_be_visible()


@pytest.mark.soak
@pytest.mark.timeout(400)
async def test_a_hundred_thousand_lines_are_scrolled_smoothly(owned_world: Owned, owners_window: Window) -> None:
    program = """
import time
for number in range(10**7):
    print(f"line {number} of a program that says much, \\x1b[32mgood\\x1b[0m and bad", flush=number % 100 == 0)
    if number % 100 == 0: time.sleep(0.02 if number < 130_000 else 0.5)
"""
    environment = await owned_world.environment("busy")
    busy = await owned_world.application(
        environment, "busy", port=None, command=["python3", "-I", "-S", "-c", program.strip()]
    )
    assert (await busy.deploy())["status"] == "SUCCEEDED"
    page = owners_window.page
    await page.goto(f"/applications/{quote(busy.id, safe='')}/logs")
    await expect(page.get_by_text("The newest 100,000 lines")).to_be_visible(timeout=300_000)
    log = page.get_by_role("log", name="Logs")

    # Up and down through all of it, as fast as frames come, while lines keep coming.
    frames = await log.evaluate(
        """async viewport => {
            const began = performance.now()
            let frames = 0
            while (performance.now() - began < 5000) {
                await new Promise(requestAnimationFrame)
                const place = (1 + Math.sin(frames++ / 20)) / 2
                viewport.scrollTop = place * (viewport.scrollHeight - viewport.clientHeight)
            }
            return frames / 5
        }"""
    )
    assert frames > 25, frames
    await page.get_by_label("Search in the log").fill("of a program")
    await expect(page.get_by_text("of 100,000 lines")).to_be_visible(timeout=20_000)
    await page.get_by_label("Wrap").check()
    await expect(log.locator(".line").first).to_be_visible()
    heap = await page.evaluate("performance.memory.usedJSHeapSize")
    assert heap < 150 * 1024**2, heap
    report.info("%.0f frames/s, %.0f MiB of heap", frames, heap / 1024**2)
