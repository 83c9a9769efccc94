"""Servers beside the live ones, without a network: one to prove a dump in, one to be filled before it takes over."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from db.models import Database, DatabaseRestore
from engine import labels
from engine.archives import tar_of_stream
from engine.databases.commands import Outcome, run, stream
from engine.databases.dump_files import CopyFailed, Note, pieces_of
from engine.databases.dumps import without_lines
from engine.databases.failure import DatabaseFailed
from engine.databases.kinds import ArchiveRestore, Command, FileRestore, StreamedRestore
from engine.databases.order import Berth, Order, order_of
from engine.databases.servers import Servers, last_line
from engine.docker.executions import Sink
from engine.docker.gateway import DockerGateway
from engine.errors import DockerFailure
from engine.secrets import Cipher

log = logging.getLogger(__name__)

LONGEST_SILENCE = 3600.0
"""Seconds that a server may work on something, an index say, without a word."""

_KILLED = 137
_LONGEST_WORDS = 500


def proof_berth(instance_id: str, database: Database, dump_id: str) -> Berth:
    """Where a dump is proven. Nothing of it stays."""
    marks = labels.scratch_labels(instance_id, database.id, dump_id)
    return _hidden(dump_id, marks, labels.volume_name(dump_id), marks)


def restore_berth(instance_id: str, database: Database, restore: DatabaseRestore) -> Berth:
    """Where a restore is made. Its volume becomes the database's own."""
    marks = labels.scratch_labels(instance_id, database.id, restore.id)
    volume_marks = labels.restored_volume_labels(instance_id, database.id, restore.volume_id, restore.id)
    return _hidden(restore.id, marks, labels.volume_name(restore.volume_id), volume_marks)


def _hidden(job_id: str, marks: dict[str, str], volume: str, volume_marks: dict[str, str]) -> Berth:
    return Berth(labels.scratch_name(job_id), marks, None, None, volume, volume_marks)


class Scratch:
    """Works on scratch servers of one Docker engine, and asks live ones what goes into a dump."""

    def __init__(self, docker: DockerGateway, servers: Servers, cipher: Cipher, images: str | None) -> None:
        self._docker = docker
        self._servers = servers
        self._cipher = cipher
        self._images = images

    def order(self, database: Database, berth: Berth) -> Order:
        """What it takes to run the database there."""
        return order_of(database, berth, self._cipher, self._images)

    async def clear(self, order: Order, *, volume: bool = True) -> None:
        """Have neither the scratch server nor, if so said, its volume. Nothing is raised: what stays goes later."""
        try:
            await self._docker.remove_container(order.berth.name)
            if volume:
                await self._docker.remove_volume(order.berth.volume)
        except DockerFailure as error:
            log.warning("%s It is removed later.", error)

    async def fill(self, order: Order, dump: Path, size: int, note: Note) -> str:
        """Have a new server that holds what is in the file of `size` bytes, and say what that is, as far as it lasts.

        Raises `CopyFailed`, `DatabaseFailed`, `DockerFailure`.
        """
        how = order.kind.restore(order.setup)
        name = order.berth.name
        await self._servers.create(order, first=True)
        match how:
            case FileRestore():
                tar = tar_of_stream(how.path, how.owner, how.mode, size, pieces_of(dump, note))
                await self._docker.put_archive(name, "/", tar, LONGEST_SILENCE)
                await self._up(order)
            case ArchiveRestore():
                await self._docker.put_archive(name, how.path, pieces_of(dump, note), LONGEST_SILENCE)
                await self._up(order)
            case StreamedRestore():
                await self._up(order)
                await self.do(order, *how.before)
                source = without_lines(pieces_of(dump, note), how)
                doing = stream(self._docker, name, how.stream, source=source, idle=LONGEST_SILENCE)
                _worked(await doing, how.stream)
                await self.do(order, *how.after)
        await self.do(order, order.kind.login(order.setup))
        return await self.contents(order)

    async def contents(self, order: Order) -> str:
        """What is in the server, as far as time alone does not change it. Raises `CopyFailed`, `DockerFailure`."""
        return order.kind.lasting(await self.do(order, order.kind.contents(order.setup)))

    async def do(self, order: Order, *commands: Command) -> str:
        """What the last of the commands says. Raises `CopyFailed` when one does not work, and `DockerFailure`."""
        said = ""
        for command in commands:
            outcome = await run(self._docker, order.berth.name, command, idle=LONGEST_SILENCE)
            said = _worked(outcome, command).output
        return said

    async def read(self, order: Order, command: Command, sink: Sink) -> None:
        """What the command says goes to `sink`. Raises `CopyFailed`, `DockerFailure`."""
        _worked(await stream(self._docker, order.berth.name, command, sink=sink, idle=LONGEST_SILENCE), command)

    async def put_to_rest(self, order: Order) -> None:
        """Have the server shut down by itself, and its container removed; its volume is whole then.

        Raises `CopyFailed`, `DockerFailure`.
        """
        await self._servers.stop(order)
        facts = await self._servers.facts(order)
        if facts is None or facts.exit_code == _KILLED:
            raise CopyFailed("The server with the restored data did not shut down cleanly.")
        await self._docker.remove_container(order.berth.name)

    async def _up(self, order: Order) -> None:
        await self._servers.start(order)

        async def let_it_take_its_time(failed: DatabaseFailed) -> None:
            log.info("%s: %s", order.berth.name, failed)

        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SILENCE):
                await self._servers.until_ready(order, let_it_take_its_time)
                return
        raise CopyFailed(f"The server with the restored data was not ready after {LONGEST_SILENCE:g} s.")


def _worked(outcome: Outcome, command: Command) -> Outcome:
    if outcome.worked:
        return outcome
    said = last_line(outcome)[:_LONGEST_WORDS] or "it wrote nothing"
    raise CopyFailed(f"{command.arguments[0]} ended with exit code {outcome.exit_code}: {said}")
