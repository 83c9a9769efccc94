"""Chromium as a person uses it, and what is looked at while they do."""

import json
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, Request, Route, WebSocket, expect
from playwright.async_api import Error as PlaywrightError

Theme = Literal["light", "dark"]

ROOT = Path(__file__).parents[2]
SCREENSHOTS = Path(os.environ.get("DASHBOARD_SCREENSHOTS", ROOT / "dashboard" / "screenshots"))
_CHROMIUM = ROOT / "tests" / "dashboard" / "undisturbed.py"
_AXE = ROOT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
_PATIENCE = 15_000  # ms until what does not come counts as missing, on a machine that has much else to do
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
]
# Not the page itself: Chromium would take it for one from elsewhere, which may not speak to this host.
_FILES = re.compile(r"/_app/immutable/(?!workers/)")

expect.set_options(timeout=_PATIENCE)


async def _relayed(route: Route) -> None:
    """Have the server asked past Chromium, which gives up what it loads whenever a network of this host changes
    (ERR_NETWORK_CHANGED), as those of Docker do with every container."""
    with suppress(PlaywrightError):
        await route.fulfill(response=await route.fetch())


@asynccontextmanager
async def chromium(playwright: Playwright) -> AsyncGenerator[Browser]:
    """The distribution's browser, without a screen."""
    browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
    try:
        yield browser
    finally:
        await browser.close()


@dataclass
class Window:
    """One page of one person."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    loads: int = 0
    hashes: int = 0
    """How many operations were sent by their hashes alone."""
    texts: list[str] = field(default_factory=list)
    """The operations that were sent as text."""

    @classmethod
    @asynccontextmanager
    async def opened(cls, browser: Browser, address: str, **how: Any) -> AsyncGenerator["Window"]:
        """A window with cookies of its own."""
        context: BrowserContext = await browser.new_context(
            base_url=address, viewport={"width": 1280, "height": 800}, reduced_motion="reduce", **how
        )
        context.set_default_timeout(_PATIENCE)
        await context.route(_FILES, _relayed)
        page = await context.new_page()
        window = cls(page, address)
        page.on("console", lambda said: window.complain(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: window.complain(str(error)))
        page.on("load", lambda _: window.loaded())
        page.on("request", window.requested)
        page.on("websocket", window.connected)
        try:
            yield window
        finally:
            await context.close()

    def complain(self, text: str) -> None:
        # A request that the server refuses is told there by the browser, and on the page by us.
        if "Failed to load resource" not in text and "WebSocket connection to" not in text:
            self.complaints.append(text)

    def loaded(self) -> None:
        self.loads += 1

    def requested(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/graphql"):
            self._sent(request.post_data)

    def connected(self, socket: WebSocket) -> None:
        def framed(frame: str | bytes) -> None:
            if '"subscribe"' in str(frame):
                self._sent(frame)

        socket.on("framesent", framed)

    def _sent(self, message: str | bytes | None) -> None:
        sent = json.loads(message or "{}")
        if text := sent.get("payload", sent).get("query"):
            self.texts.append(text)
        else:
            self.hashes += 1

    def has_complained_of_nothing(self) -> None:
        """Nothing went wrong in the page, and nothing was kept from it by its Content-Security-Policy."""
        assert not self.complaints, "\n".join(self.complaints)

    async def looks_right(self, name: str) -> None:
        """Everybody can use what is shown, in both themes; pictures of both are kept under this name."""
        await expect(self.page.locator("h1")).to_have_count(1)
        await expect(self.page.get_by_label("Loading", exact=True)).to_have_count(0)
        for theme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            # By itself, it would hide the caret with a style that the page's own policy does not let in.
            picture = SCREENSHOTS / f"{name}-{theme}.png"
            await self.page.screenshot(path=picture, full_page=True, caret="initial")
            violations = await self._violations()
            assert not violations, f"{name}, {theme}:\n" + "\n".join(violations)
        assert await self.page.locator("b, img[src=x]").count() == 0, f"{name}: what somebody wrote became markup"
        await self.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    async def _violations(self) -> list[str]:
        if not await self.page.evaluate("'axe' in window"):
            # Evaluated, not inserted: the page's own policy lets no other script in.
            await self.page.evaluate(_AXE.read_text())
        options = {"runOnly": {"type": "tag", "values": _RULES}}
        found = await self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{each['id']}: {each['help']}\n    {node['html'][:200]}\n    {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


def fact(page: Page, name: str) -> Locator:
    """What a page says under this name."""
    return page.locator("dl > div", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd")


def tab(page: Page, name: str) -> Locator:
    """The link to another page about the same thing."""
    return page.get_by_role("main").get_by_role("navigation").get_by_role("link", name=name)
