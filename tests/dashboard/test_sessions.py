"""What an open page does when what its session may do ends or changes."""

import pytest
from playwright.async_api import Browser, expect

from tests.dashboard.browsing import Window
from tests.dashboard.owned import EMAIL, PASSWORD, Owned

pytestmark = pytest.mark.docker

BOB = "bob@example.com"


async def _invited(world: Owned, window: Window, role: str) -> str:
    """Bob is in the team and signed in there; the id of his membership."""
    team = (await world.ask("{ teams { id } }"))["teams"][0]["id"]
    made = await world.do("inviteMember", "secret", teamId=team, email=BOB, role=role)
    await window.page.request.post(
        "/graphql",
        data={
            "query": "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { user { id } } }",
            "variables": {"input": {"secret": made["secret"], "name": "Bob", "password": PASSWORD}},
        },
    )
    await world.sign_in(window, BOB)
    found = await world.ask("{ teams { memberships { id user { email } } } }")
    members = found["teams"][0]["memberships"]
    return next(str(each["id"]) for each in members if each["user"]["email"] == BOB)


async def test_an_open_page_learns_of_other_rights(owned_world: Owned, window: Window) -> None:
    page = window.page
    environment = await owned_world.environment("shop")
    membership = await _invited(owned_world, window, "VIEWER")
    await page.goto(f"/environments/{environment}")
    new = page.get_by_role("link", name="New application").first
    await expect(new).to_be_disabled()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await owned_world.do("updateMembership", membershipId=membership, role="DEVELOPER")
    await expect(new).to_be_enabled()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await owned_world.do("updateMembership", membershipId=membership, role="VIEWER")
    await expect(new).to_be_disabled()
    assert window.loads == 1


async def test_whose_session_ends_is_told_and_comes_back(
    owned_world: Owned, owners_window: Window, browser: Browser
) -> None:
    page = owners_window.page
    await page.goto("/tokens")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    async with Window.opened(browser, owned_world.address) as other:
        await owned_world.sign_in(other)
        await other.page.goto("/settings/security")
        await other.page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_text("Your session has ended")).to_be_visible()
    await owners_window.looks_right("session-ended")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Tokens")).to_be_visible()
