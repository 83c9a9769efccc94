"""A dump: what a running database holds, in a file that was seen to bring it back."""

import logging
from pathlib import Path

from sqlmodel import Session

from db.errors import DatabaseUnusable
from db.models import Database, DatabaseDump, DatabaseStatus, DumpStatus
from db.sessions import Sessions
from engine.databases.copy_records import GivenUp, fail_dump, move_dump, progress
from engine.databases.dump_files import CopyFailed, NewFile, dump_path, partial_of
from engine.databases.order import berth_of
from engine.databases.scratch import Scratch, proof_berth
from engine.errors import DockerTimeout, DockerUnreachable, EngineError

log = logging.getLogger(__name__)

_ATTEMPTS = 3


class Dumping:
    """Carries out dumps, into files of `directory`.

    Others go on working with a database while it is dumped, and a dump shows one moment of that time. So what the
    scratch server holds in the end can be compared with what the live one held only when that was the same right
    before and right after; then it has to be equal. It may not be, and the dump be right, when something came and
    went again in between: such a dump is made anew, three times at most. In any case every byte of the file was
    read back without an error by a server that then let us in and told what it holds.
    """

    def __init__(self, sessions: Sessions, scratch: Scratch, instance_id: str, directory: Path) -> None:
        self._sessions = sessions
        self._scratch = scratch
        self._instance_id = instance_id
        self._directory = directory

    async def carry_out(self, dump_id: str) -> None:
        """Take a dump to its end, good or failed; one that was cut short begins anew.

        Raises `DockerUnreachable`, `DatabaseUnusable`: then it is to be called again.
        """
        dump, database = await self._sessions.read(_dump_and_database, dump_id)
        if dump is None or dump.finished_at is not None:
            return
        try:
            await self._make(dump, database)
        except GivenUp:
            log.info("The dump %s was given up.", dump_id)
        except DatabaseUnusable:
            raise
        except Exception as error:  # whatever it was, a dump has to end, or its database could never be dumped again
            if isinstance(error, DockerUnreachable) and not isinstance(error, DockerTimeout):
                raise
            self._path(dump).unlink(missing_ok=True)
            await self._sessions.write(fail_dump, dump_id, reason_of(error))

    async def _make(self, dump: DatabaseDump, database: Database | None) -> None:
        partial_of(self._path(dump)).unlink(missing_ok=True)
        if database is None:
            raise CopyFailed("The database was removed before it was dumped.")
        for _ in range(_ATTEMPTS):
            held, size, sha256 = await self._take(dump, database)
            proven = await self._prove(dump, database, size)
            if held in (None, proven):
                await self._sessions.write(
                    move_dump, dump.id, DumpStatus.GOOD, size=size, sha256=sha256, file=self._path(dump).name
                )
                log.info("%s: dumped, %d bytes.", database.name, size)
                return
        raise CopyFailed("A server restored from it did not hold what the database held.")

    async def _take(self, dump: DatabaseDump, database: Database) -> tuple[str | None, int, str]:
        """What is in the database, as far as it stayed the same meanwhile; bytes and SHA-256 of the file."""
        if not await self._sessions.read(_runs, database.id):
            raise CopyFailed("The database does not run.")
        await self._sessions.write(move_dump, dump.id, DumpStatus.DUMPING)
        live = self._scratch.order(database, berth_of(self._instance_id, database))
        how = live.kind.dump(live.setup)
        before = await self._scratch.contents(live)
        file = NewFile(self._path(dump))
        note = progress(lambda size: self._sessions.write(move_dump, dump.id, DumpStatus.DUMPING, size=size))

        async def write(piece: bytes) -> None:
            await file.write(piece)
            await note(file.size)

        try:
            await self._scratch.do(live, *how.before)
            try:
                await self._scratch.read(live, how.stream, write)
            finally:
                await self._scratch.do(live, *how.after)
            sha256 = await file.keep()
        finally:
            await file.close()
        after = await self._scratch.contents(live)
        return (before if before == after else None), file.size, sha256

    async def _prove(self, dump: DatabaseDump, database: Database, size: int) -> str:
        """What a new server holds that was made from the file and nothing else."""
        await self._sessions.write(move_dump, dump.id, DumpStatus.VERIFYING, size=size)
        order = self._scratch.order(database, proof_berth(self._instance_id, database, dump.id))
        await self._scratch.clear(order)
        try:
            return await self._scratch.fill(order, self._path(dump), size, _no_news)
        finally:
            await self._scratch.clear(order)

    def _path(self, dump: DatabaseDump) -> Path:
        return dump_path(self._directory, dump)


def reason_of(error: Exception) -> str:
    """Why a dump or a restore failed, for people."""
    if isinstance(error, EngineError):
        return error.sentence
    # A mistake of ours must end it too, or it would be under way for ever.
    log.error("A dump or a restore failed in a way that nobody expected.", exc_info=error)
    return "A mistake of ours; the server's own log has more."


async def _no_news(_: int) -> None: ...


def _dump_and_database(session: Session, dump_id: str) -> tuple[DatabaseDump | None, Database | None]:
    dump = session.get(DatabaseDump, dump_id)
    return dump, session.get(Database, dump.database_id) if dump else None


def _runs(session: Session, database_id: str) -> bool:
    database = session.get(Database, database_id)
    return database is not None and database.status is DatabaseStatus.RUNNING
