"""A real browser in front of a real installation."""

import re
from collections.abc import AsyncGenerator, Iterator

import pytest
from playwright.async_api import async_playwright

from tests.dashboard.browsing import Window, chromium
from tests.docker.world import World


@pytest.fixture(scope="module")
def fresh_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An installation that has just been started for the first time; the tests of one module share it."""
    made = World(tmp_path_factory.mktemp("dashboard"))
    made.token = "none: the first one would end the setup token"
    try:
        made.start()
        yield made
    finally:
        made.stop()
        made.uninstall()


@pytest.fixture
def setup_token(fresh_world: World) -> str:
    """What the server printed at its first start."""
    found = re.search(r"#token=(\S+)", fresh_world.log.read_text())
    assert found
    return found[1]


@pytest.fixture
async def window(fresh_world: World) -> AsyncGenerator[Window]:
    """A window of a browser that has never been here."""
    address = f"http://127.0.0.1:{fresh_world.port}"
    async with (
        async_playwright() as playwright,
        chromium(playwright) as browser,
        Window.opened(browser, address) as window,
    ):
        yield window
        window.has_complained_of_nothing()
