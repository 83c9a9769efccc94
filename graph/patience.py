"""A limit of time for what mostly need not wait at all, so that no clock is set and stopped for nothing."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T], late: Callable[[], Exception]) -> T:
    """What `work` returns; cancelled, and `late` is raised, when it takes longer from when it first has to wait."""
    try:
        awaited = work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await _resumed(work, awaited)
    except TimeoutError:
        if not limit.expired():
            raise
        raise late() from None


@coroutine
def _resumed(work: Coroutine[Any, Any, T], awaited: object) -> Generator[Any, Any, T]:
    """The rest of what waits for `awaited`."""
    try:
        while True:
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001 it is the work's to be cancelled
                awaited = work.throw(error)
            else:
                awaited = work.send(sent)
    except StopIteration as done:
        result: T = done.value
        return result
