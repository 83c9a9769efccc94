"""Doing several things at once, and hearing of the first that fails as itself."""

import asyncio
from collections.abc import Coroutine


async def together(*jobs: Coroutine[object, object, None]) -> None:
    """Run all of them. The first exception cancels the others and is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except BaseExceptionGroup as group_error:
        raise group_error.exceptions[0] from None
