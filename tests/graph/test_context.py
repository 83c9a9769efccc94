"""What is loaded for sibling fields together."""

import asyncio

from graph.context import Reader
from tests.graph.asking import context


async def _doubled(_reader: Reader, keys: list[int]) -> list[int]:
    return [key * 2 for key in keys]


async def test_what_is_asked_for_beside_something_given_up_is_found() -> None:
    asked = context()
    given_up = asyncio.ensure_future(asked.load(_doubled, 1))
    given_up.cancel()
    await asyncio.sleep(0)  # in which the loader learns that nobody waits for what it was about to fetch
    assert await asyncio.wait_for(asked.load(_doubled, 2), 5) == 4
