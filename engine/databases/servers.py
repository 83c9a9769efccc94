"""The servers of databases in their containers: made, started, asked, stopped, removed. All may be done twice."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from db.models import DatabaseProblem
from engine.databases.catalogue import container_files
from engine.databases.commands import Outcome, run
from engine.databases.failure import DatabaseFailed
from engine.databases.kinds import Command
from engine.databases.order import Order
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerFacts, ContainerState
from engine.errors import DockerConflict, DockerFailure, DockerNotFound, DockerTimeout, ImageNotFound

_FIRST_INTERVAL = 0.05
_INTERVAL_GROWTH = 1.2
_LAST_INTERVAL = 1.0
_LENIENT_SECONDS = 60.0
_ASK_SECONDS = 10.0
_LOG_LINES = 50

Complaint = Callable[[DatabaseFailed], Coroutine[Any, Any, None]]


class Servers:
    """Works on the containers of databases on one Docker engine."""

    def __init__(self, docker: DockerGateway) -> None:
        self._docker = docker

    async def facts(self, order: Order) -> ContainerFacts | None:
        """The container at the order's berth; None where there is none."""
        try:
            return await self._docker.inspect_container(order.berth.name)
        except DockerNotFound:
            return None

    async def create(self, order: Order, *, first: bool) -> str:
        """The id of a container that can be started: with its image, its volume and all files in place.

        `first`: nothing has ever worked on the volume. Raises `ImageFailure`, `DockerFailure`.
        """
        await self._have_image(order.image)
        await self._docker.create_volume(order.berth.volume, order.berth.volume_labels)
        container_id = await self._docker.create_container(order.berth.name, order.body)
        await self._docker.put_archive(container_id, "/", container_files(order.kind, order.setup, first=first))
        return container_id

    async def start(self, order: Order) -> None:
        """Have the container run, also one that somebody has paused."""
        try:
            await self._docker.start_container(order.berth.name)
        except DockerFailure as error:
            if order.berth.network and "already exists in network" in error.sentence:
                # Docker has not forgotten the container that had this name before.
                await self._docker.disconnect_network(order.berth.network, order.berth.name)
                await self._docker.start_container(order.berth.name)
                return
            if not isinstance(error, DockerConflict):
                raise
            facts = await self._docker.inspect_container(order.berth.name)
            if facts.state is not ContainerState.PAUSED:
                raise
            await self._docker.unpause_container(order.berth.name)

    async def until_ready(self, order: Order, complain: Complaint | None = None) -> None:
        """Return once the server answers as it should, however long it recovers.

        Raises `DatabaseFailed` when its container ends. `complain` is given one too, when it is not ready after a
        minute, and waiting goes on; without it that is raised.
        """
        exit_watch = asyncio.ensure_future(self._docker.wait_container(order.berth.name))
        asking = asyncio.ensure_future(self._ask_until_ready(order, complain))
        try:
            await asyncio.wait({exit_watch, asking}, return_when=asyncio.FIRST_COMPLETED)
            if exit_watch.done():
                with suppress(DockerNotFound):
                    await exit_watch
                raise await self._ended(order)
            await asking
        finally:
            for task in (exit_watch, asking):
                task.cancel()
            await asyncio.gather(exit_watch, asking, return_exceptions=True)

    async def run(self, order: Order, command: Command) -> Outcome:
        """What becomes of the command in the running container. Raises `DockerTimeout` when it stands still."""
        return await run(self._docker, order.berth.name, command)

    async def stop(self, order: Order) -> None:
        """Have the server shut down in its own way, and its container stay."""
        with suppress(DockerNotFound):
            await self._docker.stop_container(order.berth.name, order.kind.stop_grace)

    async def remove(self, order: Order) -> None:
        """Shut the server down and remove its container; its volume stays."""
        await self.stop(order)
        await self._docker.remove_container(order.berth.name)

    async def _have_image(self, image: str) -> None:
        try:
            await self._docker.inspect_image(image)
        except ImageNotFound:
            async for _ in self._docker.pull_image(image, None):
                pass

    async def _ask_until_ready(self, order: Order, complain: Complaint | None) -> None:
        loop = asyncio.get_running_loop()
        lenient_until, interval = loop.time() + _LENIENT_SECONDS, _FIRST_INTERVAL
        while (answer := await self._ask(order)) is not None:
            if loop.time() > lenient_until:
                failed = DatabaseFailed(DatabaseProblem.NOT_READY, answer, log=await self._last_words(order))
                if complain is None:
                    raise failed
                await complain(failed)
                lenient_until = float("inf")
            await asyncio.sleep(interval)
            interval = min(interval * _INTERVAL_GROWTH, _LAST_INTERVAL)

    async def _ask(self, order: Order) -> str | None:
        """Why the server is not ready, as a sentence; None: it is."""
        command = order.kind.ready(order.setup)
        try:
            outcome = await run(self._docker, order.berth.name, command, idle=_ASK_SECONDS)
        except DockerTimeout:
            return f"The server did not say within {_ASK_SECONDS:g} s whether it is ready."
        except (DockerConflict, DockerNotFound) as error:
            return error.sentence  # the container ends just now, which is noticed elsewhere
        if outcome.worked:
            return None
        last = last_line(outcome) or "it wrote nothing"
        return f"The server is not ready: {command.arguments[0]} ended with exit code {outcome.exit_code}: {last}"

    async def _ended(self, order: Order) -> DatabaseFailed:
        facts = await self.facts(order)
        if facts is None:
            return DatabaseFailed(DatabaseProblem.EXITED, "The container was removed from the Docker host.")
        log = await self._last_words(order)
        if facts.out_of_memory:
            sentence = "The server used more memory than it may and was killed."
            return DatabaseFailed(DatabaseProblem.OUT_OF_MEMORY, sentence, exit_code=facts.exit_code, log=log)
        sentence = f"The server ended with exit code {facts.exit_code} before it was ready."
        return DatabaseFailed(DatabaseProblem.EXITED, sentence, exit_code=facts.exit_code, log=log)

    async def _last_words(self, order: Order) -> tuple[Any, ...]:
        with suppress(DockerFailure):
            return tuple(await self._docker.log_tail(order.berth.name, _LOG_LINES))
        return ()


def last_line(outcome: Outcome) -> str:
    """What a command said last, about what went wrong if anything did; "" when it said nothing."""
    lines = (outcome.errors.strip() or outcome.output.strip()).splitlines()
    return lines[-1] if lines else ""
