"""People come into a team and go, make tokens, and look after how they sign in; what they did can be read."""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from typing import Any

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.dashboard.browsing import SCREENSHOTS, Window
from tests.dashboard.owned import EMAIL, NAME, PASSWORD, Owned

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

OTHER_PASSWORD = "and neither is a crane at night"
MARKUP = "Bob <b>Bold</b>"


@pytest.fixture(scope="module")
def address(owned_world: Owned) -> str:
    """Where the installation answers, by name: passkeys belong to none that is a number."""
    return f"http://localhost:{owned_world.port}"


def asked(address: str, token: str, query: str, **variables: object) -> Any:
    """The whole answer to whoever has this token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{address}/graphql", body, headers), timeout=10
        ) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


@asynccontextmanager
async def at(browser: Browser, address: str) -> AsyncGenerator[Window]:
    """A window in which nothing may go wrong."""
    async with Window.opened(browser, address) as window:
        yield window
        window.has_complained_of_nothing()


async def sign_in(page: Page, email: str = EMAIL, password: str = PASSWORD, path: str = "/") -> None:
    await page.goto(path)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("link", name="Overview")).to_be_visible()


async def go(page: Page, name: str) -> None:
    await page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_people_are_invited_limited_and_taken_out_again(browser: Browser, address: str) -> None:
    async with at(browser, address) as ann, at(browser, address) as bob:
        page, his = ann.page, bob.page
        await sign_in(page)
        await page.get_by_role("button", name="New project").first.click()
        await page.get_by_role("dialog").get_by_label("Name").fill("shop")
        await page.get_by_role("button", name="Create", exact=True).click()
        await expect(page.get_by_role("heading", name="shop")).to_be_visible()

        await go(page, "Team")
        await expect(page.get_by_text("So far, only you.")).to_be_visible()
        await page.get_by_role("button", name="Invite somebody").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("E-mail address").fill("bob")
        await dialog.get_by_label("Only in some projects").check()
        await dialog.get_by_role("button", name="Invite").click()
        await expect(dialog.get_by_text("Choose at least one project.")).to_be_visible()
        await dialog.get_by_label("shop").check()
        await dialog.get_by_role("button", name="Invite").click()
        await expect(dialog.get_by_label("E-mail address")).to_be_focused()
        await dialog.get_by_label("E-mail address").fill("bob@example.com")
        await dialog.get_by_label("Role").select_option("VIEWER")
        await ann.looks_right("team-invite")
        await dialog.get_by_role("button", name="Invite").click()
        link = await dialog.get_by_role("group", name="Invitation link").locator("code").inner_text()
        await dialog.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("row", name="bob@example.com")).to_contain_text("shop")

        await his.goto(link)
        await expect(his).to_have_url(f"{address}/accept-invitation")
        await his.get_by_label("Your name").fill(MARKUP)
        await his.get_by_label("Password").fill("short")
        await his.get_by_role("button", name="Accept and sign in").click()
        await expect(his.get_by_label("Password")).to_be_focused()
        await bob.looks_right("accept-invitation")
        await his.get_by_label("Password").fill(PASSWORD)
        await his.get_by_role("button", name="Accept and sign in").click()
        await expect(his.get_by_role("heading", name="shop")).to_be_visible()
        await expect(page.get_by_role("row", name=MARKUP)).to_contain_text("Viewer")
        await ann.looks_right("team")

        await go(his, "Team")
        await expect(his.get_by_text("You are let into some projects of this team only")).to_be_visible()
        await expect(his.get_by_role("button", name="Invite somebody")).to_have_count(0)
        await go(his, "Audit log")
        await expect(his.get_by_text("You may not do this.")).to_be_visible()

        await page.get_by_role("button", name=f"Change: {MARKUP}").click()
        await page.get_by_role("dialog").get_by_label("Role").select_option("DEVELOPER")
        await page.get_by_role("dialog").get_by_label("In the whole team").check()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("row", name=MARKUP)).to_contain_text("Developer")
        await expect(page.get_by_role("row", name=MARKUP)).to_contain_text("Whole team")

        await page.get_by_role("button", name=f"Take out: {MARKUP}").click()
        await page.get_by_label("Type").fill(MARKUP)
        await page.get_by_role("dialog").get_by_role("button", name="Take out").click()
        await expect(page.get_by_role("row", name=MARKUP)).to_have_count(0)
        await go(his, "Team")
        await expect(his.get_by_text("You are in no team")).to_be_visible()
        await his.reload()
        await expect(his.get_by_text("You are in no team")).to_be_visible()
        assert ann.loads == 1


async def test_a_token_is_limited_used_and_revoked_and_all_of_it_can_be_read(browser: Browser, address: str) -> None:
    async with at(browser, address) as ann, at(browser, address) as other:
        page = ann.page
        await sign_in(page)
        await sign_in(other.page, path="/audit")
        await expect(other.page.get_by_role("article").first).to_be_visible()

        await go(page, "Tokens")
        await page.get_by_role("link", name="New token").first.click()
        await page.get_by_label("Name").fill("From CI")
        await page.get_by_label("From which addresses").fill("127.0.0.1, nowhere")
        await page.get_by_role("button", name="Make token").click()
        await expect(page.locator("[aria-invalid]").first).to_be_focused()
        await page.get_by_label("Name").fill("ci")
        await page.get_by_label("From which addresses").fill("127.0.0.1")
        await page.get_by_label("Where").select_option("Project shop")
        await page.get_by_text("Tick just what it needs.").click()
        await page.get_by_label("Deploy: applications").check()
        await ann.looks_right("token-new")
        await page.get_by_role("button", name="Make token").click()
        secret = await page.get_by_role("group", name="Token", exact=True).locator("code").inner_text()
        await ann.looks_right("token-made")
        numbered = address.replace("localhost", "127.0.0.1")
        assert (asked(numbered, secret, "{ viewer { name } }"))["data"]["viewer"]["name"] == "ci"
        await page.get_by_role("link", name="Done").click()
        await expect(page.get_by_role("row", name="ci")).to_contain_text("see everything, deploy applications")
        await ann.looks_right("tokens")

        await page.get_by_role("button", name="Revoke ci").click()
        await page.get_by_label("Type ci").fill("ci")
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("No tokens yet")).to_be_visible()
        assert "errors" in asked(numbered, secret, "{ viewer { name } }")

        entry = other.page.get_by_role("article").filter(has_text="revoke api token").first
        await expect(entry).to_contain_text(NAME)
        await other.page.get_by_role("article").filter(has_text="create api token").locator("summary").click()
        await other.looks_right("audit")
        await other.page.get_by_label("Action").fill("createProject")
        await other.page.get_by_label("Action").press("Enter")
        await expect(other.page.get_by_role("article")).to_have_count(1)
        async with other.page.expect_download() as export:
            await other.page.get_by_role("link", name="Export").click()
        assert '"createApiToken"' in (await (await export.value).path()).read_text()

        await go(page, "Activity")
        await expect(page.get_by_text("Token ci was removed")).to_be_visible()
        await expect(page.get_by_role("link", name="New project shop")).to_be_visible()
        await ann.looks_right("activity")
        await page.get_by_label("Only what went wrong").check()
        await expect(page.get_by_text("Nothing like this")).to_be_visible()
        await page.get_by_role("button", name="Show everything").click()
        await page.get_by_label("Kind").select_option("people")
        await expect(page.get_by_role("link", name="New project shop")).to_have_count(0)
        await expect(page.get_by_text("New token ci")).to_be_visible()


async def test_somebody_looks_after_how_they_sign_in(browser: Browser, address: str, fresh_world: Owned) -> None:
    async with at(browser, address) as ann, at(browser, address) as other:
        page = ann.page
        await sign_in(page)
        await go(page, "Settings")
        await page.get_by_label("Name").fill("Ann the First")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Ann the First", exact=True)).to_be_visible()
        await ann.looks_right("settings")

        await page.get_by_role("link", name="Sign-in and security").click()
        device = await page.context.new_cdp_session(page)
        await device.send("WebAuthn.enable")
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        await device.send(
            "WebAuthn.addVirtualAuthenticator",
            {"options": {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}},
        )
        a_while_passes(fresh_world)
        await page.get_by_role("button", name="Add a passkey").click()
        await page.get_by_role("dialog").get_by_label("Name").fill("laptop")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
        await ann.looks_right("confirm")
        confirm = page.get_by_role("dialog", name="Show that it is you")
        await confirm.get_by_label("Password").fill("wrong")
        await confirm.get_by_role("button", name="Continue").click()
        await expect(confirm.get_by_label("Password")).to_be_focused()
        await confirm.get_by_label("Password").fill(PASSWORD)
        await confirm.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("row", name="laptop")).to_be_visible()

        await page.get_by_role("button", name="Set up").click()
        await expect(page.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
        secret = await page.get_by_role("group", name="Or type this key into it").locator("code").inner_text()
        await ann.looks_right("second-factor")
        await page.get_by_label("Code that the app shows").fill("000000")
        await page.get_by_role("button", name="Turn on").click()
        await expect(page.get_by_label("Code that the app shows")).to_be_focused()
        await page.get_by_label("Code that the app shows").fill(pyotp.TOTP(secret).now())
        await page.get_by_role("button", name="Turn on").click()
        code = await page.get_by_role("dialog").get_by_role("listitem").first.inner_text()
        await ann.looks_right("recovery-codes")
        await page.get_by_role("button", name="I have kept them").click()
        await expect(page.get_by_text("recovery codes are left")).to_be_visible()

        his, browsers = other.page, page.get_by_role("row", name="Chrome on Linux")
        before = await browsers.count()
        await his.goto("/settings/security")
        await his.get_by_label("E-mail address").fill(EMAIL)
        await his.get_by_label("Password").fill(PASSWORD)
        await his.get_by_role("button", name="Sign in", exact=True).click()
        await his.get_by_label("Code").fill(code)
        await his.get_by_role("button", name="Sign in", exact=True).click()
        await expect(his.get_by_text("9 recovery codes are left.")).to_be_visible()
        await expect(browsers).to_have_count(before + 1)
        await ann.looks_right("security")
        await browsers.filter(has_not_text="This one").first.get_by_role("button", name="Sign out").click()
        await expect(his.get_by_label("E-mail address")).to_be_visible()

        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        await page.goto("/settings/users")
        await page.get_by_role("button", name="Manage: Ann the First").click()
        await page.get_by_role("dialog").get_by_role("button", name="Make link").click()
        link = await page.get_by_role("group", name="Link for a new password").locator("code").inner_text()
        await ann.looks_right("user")
        await page.keyboard.press("Escape")
        await ann.looks_right("users")

        await his.goto(link)
        await other.looks_right("reset-password")
        await his.get_by_label("New password").fill(OTHER_PASSWORD)
        await his.get_by_role("button", name="Set password").click()
        await expect(his.get_by_text("Your new password is set")).to_be_visible()
        await expect(page.get_by_label("E-mail address")).to_be_visible()
        await his.get_by_role("link", name="Sign in").click()
        await his.get_by_role("link", name="Forgot your password?").click()
        await expect(his.get_by_text("wharf user reset")).to_be_visible()
        await other.looks_right("forgot-password")

        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_role("link", name="Settings", exact=True)).to_be_visible()
        await every_page_fits_a_phone(page)


async def every_page_fits_a_phone(page: Page) -> None:
    """None of them is wider than the screen; pictures of all are kept."""
    await page.set_viewport_size({"width": 360, "height": 740})
    for path in ("activity", "team", "tokens", "tokens/new", "audit", "settings", "settings/security"):
        await page.goto(f"/{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        picture = SCREENSHOTS / f"{path.replace('/', '-')}-phone.png"
        await page.screenshot(path=picture, full_page=True, caret="initial")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, f"/{path} is wider than a phone"


def a_while_passes(world: Owned) -> None:
    """Everybody has signed in an hour ago."""
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db", timeout=10)) as database, database:
        found = database.execute("UPDATE user_session SET created_at = datetime(created_at, '-1 hour')")
        assert found.rowcount
