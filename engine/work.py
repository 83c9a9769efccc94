"""Who is working on what: at most one task per application, a bounded number at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from db.errors import DatabaseUnusable
from engine.errors import DockerTimeout, DockerUnreachable, EngineError

log = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS = 1.0
_LAST_RETRY_SECONDS = 60.0


class Work:
    """Calls `converge(id)` for each id that was woken, never twice at once for the same one.

    An id that is woken while its call runs is called once more afterwards. A call that raises is made
    again, after a delay that grows up to `longest_delay` seconds. A semaphore as `at_once` bounds several together.
    """

    def __init__(
        self,
        converge: Callable[[str], Awaitable[None]],
        at_once: int | asyncio.Semaphore,
        longest_delay: float = _LAST_RETRY_SECONDS,
    ) -> None:
        self._longest_delay = longest_delay
        self._converge = converge
        self._slots = asyncio.Semaphore(at_once) if isinstance(at_once, int) else at_once
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._again_unless_failed: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._failures: dict[str, int] = {}
        self._complaints: dict[str, str] = {}
        self._closed = False
        self.retries = 0
        """How often something was put off because a call had raised."""

    def wake(self, key: str) -> None:
        """Have `key` looked at soon. Returns at once."""
        if self._closed:
            return
        if key in self._tasks:
            self._again.add(key)
            return
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._tasks[key] = asyncio.create_task(self._run(key), name=f"converge {key}")

    def tell(self, key: str) -> None:
        """As `wake`, but a call that has raised keeps its delay: what it has done itself is news too."""
        if key in self._timers:
            return
        if key in self._tasks:
            self._again_unless_failed.add(key)
        else:
            self.wake(key)

    @property
    def busy(self) -> int:
        """How many are worked on, or wait for their turn."""
        return len(self._tasks)

    @property
    def failing(self) -> int:
        """How many have raised when they were called last."""
        return len(self._failures)

    async def close(self) -> None:
        """Cancel what runs and wait until it has let go."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str) -> None:
        try:
            async with self._slots:
                self._again.discard(key)
                self._again_unless_failed.discard(key)
                await self._converge(key)
            self._failures.pop(key, None)
            if key in self._again_unless_failed:
                self._again.add(key)
            if self._complaints.pop(key, None):
                log.info("%s is looked after again.", key)
        except Exception as error:  # noqa: BLE001  whatever it was, it must be tried again, and be seen
            self._try_again_later(key, error)
        finally:
            del self._tasks[key]
            if key in self._again:
                self.wake(key)

    def _try_again_later(self, key: str, error: Exception) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self.retries += 1
        delay = min(_FIRST_RETRY_SECONDS * 2 ** (failures - 1), self._longest_delay)
        self._complain(key, error)
        self._timers[key] = asyncio.get_running_loop().call_later(delay, self._retry, key)

    def _complain(self, key: str, error: Exception) -> None:
        """Say it, unless it was the last that was said of this key, or is said by those who watch for it."""
        watched = isinstance(error, DatabaseUnusable | DockerUnreachable) and not isinstance(error, DockerTimeout)
        if watched or self._complaints.get(key) == str(error):
            return
        self._complaints[key] = str(error)
        # What the engine expects to go wrong needs one line; anything else is a mistake of ours.
        trace = None if isinstance(error, EngineError) else error
        log.warning("%s will be looked at again and again: %s", key, error, exc_info=trace)

    def _retry(self, key: str) -> None:
        self._timers.pop(key, None)
        self.wake(key)
