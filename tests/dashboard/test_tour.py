"""A newcomer's tour: from the setup token to an application that answers, without a reload."""

import pytest
from playwright.async_api import expect

from tests.dashboard.browsing import Window
from tests.dashboard.owned import EMAIL, NAME, PASSWORD, Owned

pytestmark = pytest.mark.docker


async def test_a_newcomer_deploys_an_application(fresh_world: Owned, window: Window) -> None:
    page = window.page
    await page.goto("/")
    await expect(page).to_have_url(f"{window.address}/setup")
    await window.looks_right("setup")

    await page.get_by_label("Setup token").fill("no token")
    await page.get_by_label("Your name").fill(NAME)
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create owner").click()
    await expect(page.get_by_text("This is not the setup token.")).to_be_visible()
    await page.get_by_label("Setup token").fill(fresh_world.setup_token)
    await page.get_by_role("button", name="Create owner").click()

    await expect(page.get_by_role("heading", name="Start with a project")).to_be_visible()
    await expect(page.get_by_text(NAME, exact=True)).to_be_visible()
    await window.looks_right("overview-empty")
    await page.get_by_role("button", name="New project").first.click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Shop!")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("dialog").locator("[aria-invalid]")).to_be_focused()
    await page.get_by_role("dialog").get_by_label("Name").fill("shop")
    await page.get_by_role("button", name="Create", exact=True).click()

    await expect(page.get_by_role("heading", name="shop")).to_be_visible()
    await page.get_by_role("button", name="New environment").first.click()
    await page.get_by_role("dialog").get_by_label("Name").fill("production")
    await page.get_by_role("button", name="Create", exact=True).click()

    await expect(page.get_by_role("heading", name="production")).to_be_visible()
    await window.looks_right("environment-empty")
    await page.get_by_role("link", name="New application").first.click()
    await page.get_by_label("Name").fill("web")
    await page.get_by_label("Image", exact=True).fill("wharf-sample:1")
    await page.get_by_label("Pull the image").select_option("IF_NOT_PRESENT")
    await page.get_by_label("Port").fill("8000")
    await page.get_by_label("Health check path").fill("/health")
    await page.get_by_label("Domain").fill("http://web.test")
    await window.looks_right("new-application")
    await page.get_by_role("button", name="Create application").click()

    await expect(page.get_by_role("heading", name="web", exact=True)).to_be_visible()
    await expect(page.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=40_000)
    await expect(page.locator("header .status", has_text="Running")).to_be_visible()
    assert (await fresh_world.visit("web.test")).status == 200
    await window.looks_right("application")
    await page.get_by_role("link", name="Deployments").click()
    await expect(page.get_by_role("link", name="Deployment 1")).to_be_visible()
    await window.looks_right("deployments")
    await page.get_by_role("link", name="Deployment 1").click()
    await expect(page.get_by_role("log")).to_contain_text("wharf-sample:1")
    await window.looks_right("deployment")

    await page.keyboard.press("g")
    await page.keyboard.press("o")
    await expect(page.get_by_text("All is well")).to_be_visible()
    await window.looks_right("overview")
    assert window.loads == 1
