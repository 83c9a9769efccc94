"""Databases, what leads to them, the server, and certificates, as a person looks after them."""

import re
import socket

import pytest
from playwright.async_api import Page, expect

from tests.dashboard.browsing import Window, fact, tab
from tests.dashboard.owned import Owned
from tests.docker.test_exposures import session
from tests.docker.world import Database
from tests.engine.certificates.authority import Signed, authority, intermediate, leaf

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

ROOT = authority()
BETWEEN = intermediate(ROOT)


async def _redis(world: Owned, environment: str, name: str) -> Database:
    database = await world.database(environment, "REDIS", name, version="7.0")
    await database.until("RUNNING")
    return database


async def test_a_database_is_made_and_its_applications_find_it(owned_world: Owned, owners_window: Window) -> None:
    world, window, page = owned_world, owners_window, owners_window.page
    environment = await world.environment("store")
    await world.application(environment, "web")
    await page.goto(f"/environments/{environment}")
    await page.get_by_role("link", name="New database").click()
    await page.get_by_label("Redis").check()
    await page.get_by_label("Version").select_option("7.0")
    await page.get_by_label("Name", exact=True).fill("Cache!")
    await page.get_by_role("button", name="Create database").click()
    await expect(page.locator("input[name=name]")).to_be_focused()
    await page.get_by_label("Name", exact=True).fill("cache")
    await page.get_by_text("User, limits and configuration").click()
    await page.get_by_label("Processor cores").fill("0.5")
    await page.get_by_label("Memory").fill("64MiB")
    await window.looks_right("new-database")
    await page.get_by_label("Memory").press("Enter")

    await expect(page.locator("main header .status", has_text="Running")).to_be_visible(timeout=40_000)
    await expect(fact(page, "Memory")).to_have_text(re.compile(r"MiB of 64 MiB"))
    await window.looks_right("database")
    await tab(page, "Connect").click()
    await page.get_by_role("button", name="Link an application").click()
    await page.get_by_role("dialog").get_by_role("button", name="Link", exact=True).click()
    await expect(page.get_by_role("cell", name="DATABASE_URL")).to_be_visible()
    assert await page.get_by_text("redis://").count() == 0, "the password is not asked for before somebody wants it"
    await window.looks_right("database-connect")
    await page.get_by_role("button", name="Show password").click()
    await expect(page.locator("code", has_text=re.compile(r"^redis://default:\S{20,}@cache:6379/0$"))).to_be_visible()
    read = await world.ask('{ auditLog(first: 20, action: "databaseCredentials") { nodes { action } } }')
    assert len(read["auditLog"]["nodes"]) == 1

    await tab(page, "Settings").click()
    await expect(page.get_by_role("button", name="Remove database")).to_be_disabled()
    await page.get_by_label("Configuration").fill("maxclients lots")
    await page.get_by_role("button", name="Save and restart").click()
    await expect(page.get_by_text("The server ended before it was ready")).to_be_visible(timeout=40_000)
    await window.looks_right("database-failing")
    await page.get_by_label("Configuration").fill("")
    await page.get_by_role("button", name="Save and restart").click()
    await expect(page.locator("main header .status", has_text="Running")).to_be_visible(timeout=40_000)
    await window.looks_right("database-settings")

    await tab(page, "Connect").click()
    await page.get_by_role("button", name="Unlink: web").click()
    await page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    await tab(page, "Settings").click()
    await page.get_by_role("button", name="Remove database").click()
    await page.get_by_label("Delete all its data too").check()
    await page.get_by_label("Type cache to confirm").fill("cache")
    await page.get_by_role("dialog").get_by_role("button", name="Remove database").click()
    await expect(page).to_have_url(re.compile("/environments/"))
    await expect(page.get_by_role("link", name="cache")).to_be_hidden(timeout=20_000)


async def test_a_database_is_exposed_dumped_and_restored(owned_world: Owned, owners_window: Window) -> None:
    world, window, page = owned_world, owners_window, owners_window.page
    database = await _redis(world, await world.environment("ledger"), "books")
    password = (await database.credentials())["password"]
    await page.goto(f"/databases/{database.id}/exposure")
    await page.get_by_role("button", name="Expose").click()
    await page.get_by_label("Allowed networks").fill("127.0.0.1\nnonsense")
    await page.get_by_role("button", name="Expose").click()
    await expect(page.locator("textarea[aria-invalid]")).to_be_focused()
    await window.looks_right("database-expose")
    await page.get_by_label("Allowed networks").fill("127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        await page.get_by_label(re.compile("^Port")).fill(str(port))
        await page.get_by_role("button", name="Expose").click()
        await expect(page.get_by_text("Somebody else has the port")).to_be_visible(timeout=30_000)
        await window.looks_right("database-expose-failed")
    await expect(page.locator(".status", has_text="Listening")).to_be_visible(timeout=40_000)
    async with session(port, password) as client:
        await client.ask("SET", "berth", "seven")
        await expect(fact(page, "Connections")).to_have_text("1", timeout=20_000)
        await window.looks_right("database-exposed")
        await page.keyboard.press("g")
        await page.keyboard.press("s")
        await expect(page.get_by_role("row", name=re.compile(f":{port} books .*Listening .*1 .*MiB"))).to_be_visible()
        await window.looks_right("server")

        await page.goto(f"/databases/{database.id}/dumps")
        await expect(page.get_by_role("heading", name="No dump yet")).to_be_visible()
        await window.looks_right("database-dumps-empty")
        await page.get_by_role("button", name="Dump now").first.click()
        await expect(page.locator("td .status", has_text="Good")).to_be_visible(timeout=40_000)
        await client.ask("SET", "berth", "none")
    await page.get_by_role("button", name=re.compile("Restore the dump")).click()
    await page.get_by_label("Type books to confirm").fill("books")
    await window.looks_right("database-restore")
    await page.get_by_role("button", name="Replace everything").click()
    await expect(page.locator("td .status", has_text="Restored")).to_be_visible(timeout=60_000)
    async with session(port, password) as client:
        assert await client.ask("EXISTS", "berth") == b":1\r\n"
        assert await client.ask("GETRANGE", "berth", "0", "-1") == b"$5\r\n"
    await window.looks_right("database-dumps")
    await _fits_a_phone(window, "database-dumps-phone")
    await tab(page, "Exposure").click()
    await _fits_a_phone(window, "database-exposed-phone")
    await page.get_by_role("button", name="Close the port").click()
    await page.get_by_role("dialog").get_by_role("button", name="Close the port").click()
    await expect(page.get_by_role("heading", name="Nobody outside reaches this database")).to_be_visible(
        timeout=20_000
    )


async def test_certificates_are_brought_and_resolvers_made(owned_world: Owned, owners_window: Window) -> None:
    window, page = owners_window, owners_window.page
    await page.goto("/certificates")
    await expect(page.get_by_role("heading", name="No certificates yet")).to_be_visible()
    await window.looks_right("certificates-empty")
    await page.get_by_role("link", name="Upload").first.click()
    mine, other = leaf(BETWEEN, "db.example.com", "*.db.example.com", days=9), leaf(BETWEEN, "db.example.com")
    await _paste(page, mine, other)
    await page.get_by_role("button", name="Upload").click()
    await expect(page.get_by_text("The private key does not belong to the certificate.")).to_be_visible()
    await window.looks_right("certificate-upload")
    await _paste(page, mine, mine)
    await page.get_by_role("button", name="Upload").click()
    await expect(page.get_by_text("This certificate expires in 8 days")).to_be_visible()
    await window.looks_right("certificate")
    await page.get_by_role("button", name="Replace").click()
    later = leaf(BETWEEN, "db.example.com", "*.db.example.com")
    await _paste(page, later, later)
    await page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    await expect(page.get_by_text("This certificate expires in")).to_be_hidden()

    await page.get_by_role("link", name="Certificates").first.click()
    await page.get_by_role("button", name="Order").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("shop.invalid")
    await page.get_by_role("dialog").get_by_role("button", name="Order").click()
    await expect(page.locator("main header .status", has_text="Failed")).to_be_visible(timeout=40_000)
    await window.looks_right("certificate-failed")
    await page.get_by_role("link", name="Certificates").first.click()
    await expect(page.get_by_role("row", name=re.compile("shop.invalid"))).to_be_visible()
    await window.looks_right("certificates")

    await page.get_by_role("link", name="Resolvers").click()
    await page.get_by_role("link", name="New resolver").click()
    await page.get_by_label("Name", exact=True).fill("inside")
    await page.get_by_label("ACME directory").fill("http://ca.example.com/directory")
    await page.get_by_label("Challenge").select_option("DNS_01")
    await page.get_by_label("DNS provider").fill("cloudflare")
    await page.get_by_label("Variable 1").fill("CF_DNS_API_TOKEN")
    await page.get_by_label("Value 1").fill("secret")
    await page.get_by_role("button", name="Create resolver").click()
    await expect(page.get_by_label("ACME directory")).to_be_focused()
    await window.looks_right("resolver-new")
    await page.get_by_label("ACME directory").fill("https://ca.example.com/directory")
    await page.get_by_role("button", name="Create resolver").click()
    await page.get_by_role("button", name="Make default: inside").click()
    await expect(page.get_by_role("row", name=re.compile("inside default"))).to_be_visible()
    await window.looks_right("resolvers")
    await page.get_by_role("link", name="inside").click()
    await expect(page.get_by_text("Credentials are there.")).to_be_visible()
    await page.get_by_label("E-mail address").fill("ann@example.com")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await window.looks_right("resolver")
    await _fits_a_phone(window, "resolver-phone")


async def _fits_a_phone(window: Window, name: str) -> None:
    """Nothing reaches beyond the screen of a phone but what scrolls by itself."""
    size = window.page.viewport_size
    assert size
    await window.page.set_viewport_size({"width": 360, "height": 740})
    assert await window.page.evaluate("document.documentElement.scrollWidth") <= 360
    await window.looks_right(name)
    await window.page.set_viewport_size(size)


async def _paste(page: Page, certificate: Signed, key: Signed) -> None:
    await page.get_by_label("Certificate chain", exact=True).fill(certificate.chain)
    await page.get_by_label("Private key", exact=True).fill(key.key)
