"""What every subscription is: a stream of the engine, each item as a message."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")
Message = TypeVar("Message")


async def each(
    stream: AsyncGenerator[Item, None],
    made: Callable[[Item], Message],
    *,
    last: Callable[[Item], bool] = lambda _item: False,
) -> AsyncGenerator[Message, None]:
    """What is `made` of every item, up to the `last`. Whoever closes this closes the stream, and what it holds."""
    async with aclosing(stream):
        async for item in stream:
            yield made(item)
            if last(item):
                return


async def nothing() -> AsyncGenerator[Message, None]:
    """A stream that has ended."""
    return
    yield
