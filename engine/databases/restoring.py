"""A restore: a new volume is filled beside the live one, then the database is switched to it, or stays as it was."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from db.errors import DatabaseUnusable
from db.models import Database, DatabaseDump, DatabaseProblem, DatabaseRestore, DatabaseStatus, RestoreStatus
from db.sessions import Sessions
from engine import labels
from engine.databases.catalogue import CATALOGUE
from engine.databases.copy_records import (
    GivenUp,
    fail_restore,
    move_restore,
    progress,
    switch_back,
    switch_volume,
)
from engine.databases.dump_files import CopyFailed, check_file, dump_path
from engine.databases.dumping import reason_of
from engine.databases.order import Order
from engine.databases.scratch import Scratch, restore_berth
from engine.docker.gateway import DockerGateway
from engine.errors import DockerConflict, DockerTimeout, DockerUnreachable

log = logging.getLogger(__name__)

_TO_SERVE = 600.0  # seconds for the server to come up on its new volume, once the old one is shut down
_TO_MEND = 10.0  # and those for which it may not even run
_LOOK_SECONDS = 0.2
_HOPEFUL = (None, DatabaseProblem.NOT_READY)


@dataclass(frozen=True, slots=True)
class _Job:
    restore: DatabaseRestore
    dump: DatabaseDump | None
    database: Database | None


class Restoring:
    """Carries out restores from the files of `directory`. `wake` has a database looked at, whatever it waits for.

    Until the switch, which is one transaction, nothing of the live database is touched. After it the old volume is
    there until the server is ready on the new one; when that does not come to be, the old one is switched back to.
    """

    def __init__(
        self,
        sessions: Sessions,
        docker: DockerGateway,
        scratch: Scratch,
        instance_id: str,
        directory: Path,
        wake: Callable[[str], None],
    ) -> None:
        self._sessions = sessions
        self._docker = docker
        self._scratch = scratch
        self._instance_id = instance_id
        self._directory = directory
        self._wake = wake

    async def carry_out(self, restore_id: str) -> None:
        """Take a restore to its end; one that was cut short before the switch begins anew.

        Raises `DockerUnreachable`, `DatabaseUnusable`: then it is to be called again.
        """
        job = await self._sessions.read(_job, restore_id)
        if job is None:
            return
        if job.restore.status is not RestoreStatus.SWITCHING:
            await self._make(job)
        if await self._sessions.read(_is_switching, restore_id):
            await self._see_it_through(job.restore)

    async def _make(self, job: _Job) -> None:
        """Fill a volume and switch to it, or leave nothing of it and say why."""
        restore, database = job.restore, job.database
        order = None if database is None else self._order(database, restore)
        try:
            if order is None or job.dump is None:
                raise CopyFailed("The database, or the dump, was removed.")
            await self._scratch.clear(order)
            await self._fill(restore, job.dump, order)
            await self._sessions.write(switch_volume, restore.id, order.setup.version)
            log.info("%s: on its way to the restored volume.", order.berth.name)
            return
        except asyncio.CancelledError:
            # The switch may have been made; a volume that is not the database's own goes when this begins anew.
            if order is not None:
                await self._scratch.clear(order, volume=False)
            raise
        except GivenUp:
            log.info("The restore %s was given up.", restore.id)
        except DatabaseUnusable:
            raise
        except Exception as error:  # a mistake of ours must end a restore too, or nothing else could be asked for
            if isinstance(error, DockerUnreachable) and not isinstance(error, DockerTimeout):
                raise
            with suppress(GivenUp):
                await self._sessions.write(fail_restore, restore.id, reason_of(error))
        if order is not None:
            await self._scratch.clear(order)

    async def _fill(self, restore: DatabaseRestore, dump: DatabaseDump, order: Order) -> None:
        await self._sessions.write(move_restore, restore.id, RestoreStatus.RESTORING)
        file = dump_path(self._directory, dump)
        await asyncio.to_thread(check_file, file, dump.size, dump.sha256)
        note = progress(
            lambda size: self._sessions.write(move_restore, restore.id, RestoreStatus.RESTORING, size=size)
        )
        await self._scratch.fill(order, file, dump.size, note)
        await self._scratch.put_to_rest(order)
        await self._sessions.write(move_restore, restore.id, RestoreStatus.RESTORING, size=dump.size)

    async def _see_it_through(self, restore: DatabaseRestore) -> None:
        """Wait until the server is ready on the new volume, which its keeper writes down; or else switch back."""
        self._wake(restore.database_id)
        why = await self._until_served(restore)
        if why is None:
            return
        with suppress(GivenUp):
            await self._sessions.write(switch_back, restore.id, why)
            log.warning("The restore %s is undone: %s", restore.id, why)
            self._wake(restore.database_id)
            await self._forget_volume(restore.volume_id)

    async def _until_served(self, restore: DatabaseRestore) -> str | None:
        """Why it has to be undone; None when it has come to its end."""
        clock = asyncio.get_running_loop().time
        until, well = None, clock()
        while True:
            found = await self._sessions.read(_job, restore.id)
            if found is None or found.database is None:
                return None
            database, moment = found.database, clock()
            if until is None or database.status is DatabaseStatus.UNREACHABLE:
                until = moment + CATALOGUE[database.kind].stop_grace + _TO_SERVE
            if database.problem in _HOPEFUL or database.status is DatabaseStatus.UNREACHABLE:
                well = moment
            if moment > until or moment - well > _TO_MEND:
                told = database.problem_message or "it was not ready in time"
                return f"The database is as it was before: its server did not come up on the restored data: {told}"
            await asyncio.sleep(_LOOK_SECONDS)

    async def _forget_volume(self, volume_id: str) -> None:
        """Remove a volume as soon as the keeper has taken the container off it."""
        for _ in range(round(_TO_SERVE / _LOOK_SECONDS)):
            with suppress(DockerConflict):
                await self._docker.remove_volume(labels.volume_name(volume_id))
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _order(self, database: Database, restore: DatabaseRestore) -> Order:
        return self._scratch.order(database, restore_berth(self._instance_id, database, restore))


def _job(session: Session, restore_id: str) -> _Job | None:
    """What is under way; None when it is at its end."""
    restore = session.get(DatabaseRestore, restore_id)
    if restore is None or restore.finished_at is not None:
        return None
    return _Job(restore, session.get(DatabaseDump, restore.dump_id), session.get(Database, restore.database_id))


def _is_switching(session: Session, restore_id: str) -> bool:
    restore = session.get(DatabaseRestore, restore_id)
    return restore is not None and restore.status is RestoreStatus.SWITCHING
