"""A real browser in front of a real installation."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.dashboard.browsing import Window, chromium
from tests.dashboard.owned import Owned

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def fresh_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owned]:
    """An installation that has just been started for the first time; the tests of one module share it."""
    with Owned(tmp_path_factory.mktemp("dashboard")).running() as made:
        yield made


@pytest.fixture(scope="module")
def owned_world(fresh_world: Owned) -> Owned:
    """The same, after somebody has become its owner."""
    asyncio.run(fresh_world.get_owner())
    return fresh_world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They share one browser, and so the event loop that it is driven in."""
    for item in items:
        if item.path.parent == HERE and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright, chromium(playwright) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def window(fresh_world: Owned, browser: Browser) -> AsyncGenerator[Window]:
    """A window of a browser that has never been here."""
    async with Window.opened(browser, fresh_world.address) as window:
        yield window
        window.has_complained_of_nothing()


@pytest_asyncio.fixture(loop_scope="session")
async def owners_window(owned_world: Owned, window: Window) -> Window:
    """A window in which the owner is signed in, and of which no page was opened yet."""
    await owned_world.sign_in(window)
    return window
