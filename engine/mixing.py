"""Several streams as one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Mixer(Generic[T]):
    """Yields what its sources yield, as it comes; used as `async with Mixer() as mixer`.

    Sources can be added at any time, each under a key: while one of that key runs, another is not taken.
    The mixture ends when every source has ended; an exception in one ends it with that exception. No source
    is read further than one item ahead of the reader. Leaving the context closes all of them.
    """

    def __init__(self) -> None:
        self._items: asyncio.Queue[tuple[T] | BaseException | None] = asyncio.Queue(maxsize=1)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, key: str, source: AsyncGenerator[T, None]) -> None:
        """Mix `source` in, unless one of this key is there."""
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._run(key, self._pump(source)))

    def meanwhile(self, job: Coroutine[object, object, None]) -> None:
        """Run `job` beside the sources; it may add more. The mixture does not end before it has."""
        self._tasks["meanwhile"] = asyncio.create_task(self._run("meanwhile", job))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            item = await self._items.get()
            if isinstance(item, tuple):
                return item[0]
            if item is not None:
                raise item
            if not self._tasks:
                raise StopAsyncIteration

    async def _pump(self, source: AsyncGenerator[T, None]) -> None:
        async with aclosing(source):
            async for item in source:
                await self._items.put((item,))

    async def _run(self, key: str, job: Coroutine[object, object, None]) -> None:
        end: Exception | None = None
        try:
            await job
        except Exception as error:  # noqa: BLE001  it is the reader's
            end = error
        finally:
            del self._tasks[key]
        await self._items.put(end)
