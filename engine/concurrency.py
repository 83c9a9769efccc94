"""Doing several things at once, and hearing of the first that fails as itself; ending jobs, or letting none end."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

log = logging.getLogger(__name__)


async def together(*jobs: Coroutine[object, object, None]) -> None:
    """Run all of them. The first exception cancels the others and is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except BaseExceptionGroup as group_error:
        raise group_error.exceptions[0] from None


class Interrupted(Exception):
    """What was under way was given up because somebody asked for that."""


class Interruptible:
    """Runs one job per key, each of which can be interrupted from elsewhere."""

    def __init__(self) -> None:
        self._jobs: dict[str, asyncio.Future[Any]] = {}

    async def run(self, key: str, job: Awaitable[Result]) -> Result:
        """What `job` returns. Raises what it raises, and `Interrupted` once `interrupt` was called for its key."""
        task = self._jobs[key] = asyncio.ensure_future(job)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise Interrupted from None
            task.cancel()  # we ourselves are cancelled: the job must not outlive us
            await asyncio.gather(task, return_exceptions=True)
            raise
        finally:
            del self._jobs[key]

    def interrupt(self, key: str) -> None:
        """End the job of this key, if there is one."""
        if job := self._jobs.get(key):
            job.cancel()


async def patiently(job: Coroutine[object, object, Result], seconds: float) -> Result:
    """What `job` returns or raises. Who is cancelled meanwhile goes once it has ended, or after that time."""
    task = asyncio.create_task(job)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


_finishing: set[asyncio.Task[Any]] = set()  # the event loop itself keeps no task alive


async def to_its_end(job: Coroutine[object, object, Result]) -> Result:
    """What `job` returns or raises. Whoever waits for it may be cancelled; what was begun is still finished."""
    task = asyncio.create_task(job)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_say_failure)
        raise


def _say_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("What nobody waited for any more has failed.", exc_info=error)
