"""What is remembered of dumps and restores: each move of theirs is one transaction with its event."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from sqlmodel import Session, col, select

from db.models import (
    Database,
    DatabaseDump,
    DatabaseRestore,
    DesiredState,
    DumpStatus,
    EventKind,
    RestoreStatus,
    now,
)
from engine.databases.dump_files import CopyFailed, Note
from engine.databases.status import settle_database
from engine.events import record

Copy = TypeVar("Copy", DatabaseDump, DatabaseRestore)

_SHORTEST_PAUSE = 0.5  # seconds between two events that only tell how far something is
_PAUSE_PART = 0.01  # and the part of the time it has taken so far: not more than some hundreds of them in all


class GivenUp(Exception):
    """Somebody has ended what was under way, and has said so in its row."""


def progress(tell: Callable[[int], Awaitable[object]]) -> Note:
    """Calls `tell` with what it was told last, at most twice a second and less often the longer it takes."""
    clock = asyncio.get_running_loop().time
    begun = told = clock()

    async def note(size: int) -> None:
        nonlocal told
        moment = clock()
        if moment - told >= max(_SHORTEST_PAUSE, (moment - begun) * _PAUSE_PART):
            told = moment
            await tell(size)

    return note


def unfinished(session: Session, table: type[Copy], database_id: str | None = None) -> list[Copy]:
    """Those that are queued or under way, oldest first."""
    query = select(table).where(col(table.finished_at).is_(None))
    if database_id is not None:
        query = query.where(table.database_id == database_id)
    return list(session.exec(query.order_by(table.id)))


def move_dump(
    session: Session, dump_id: str, status: DumpStatus, *, size: int = 0, file: str = "", sha256: str | None = None
) -> None:
    """Have a dump be at this step, or at its good end. Raises `GivenUp`."""
    dump = _open(session, DatabaseDump, dump_id)
    dump.status, dump.size, dump.file, dump.sha256 = status, size, file, sha256
    if status is DumpStatus.GOOD:
        dump.finished_at = now()
    session.add(dump)
    tell_of_dump(session, dump)


def fail_dump(session: Session, dump_id: str, why: str) -> None:
    """End a dump that is not good. Raises `GivenUp`."""
    dump = _open(session, DatabaseDump, dump_id)
    dump.status, dump.failure, dump.finished_at = DumpStatus.FAILED, why, now()
    dump.file, dump.sha256 = "", None
    session.add(dump)
    tell_of_dump(session, dump)


def tell_of_dump(session: Session, dump: DatabaseDump, kind: EventKind = EventKind.DUMP_STATUS) -> None:
    """Record an event about a dump, whether its database is still there or not."""
    data = {"name": dump.name, "status": dump.status.value, "size": dump.size, "failure": dump.failure}
    _tell(session, kind, "DatabaseDump", dump, data)


def move_restore(session: Session, restore_id: str, status: RestoreStatus, *, size: int = 0) -> None:
    """Have a restore be at this step. Raises `GivenUp`."""
    restore = _open(session, DatabaseRestore, restore_id)
    restore.status, restore.size = status, size
    session.add(restore)
    tell_of_restore(session, restore)


def switch_volume(session: Session, restore_id: str, version: str) -> None:
    """Have the database be on the restored volume, which this version has worked on. The old one stays for now.

    Raises `GivenUp`, `CopyFailed` unless the database is wanted to run.
    """
    restore = _open(session, DatabaseRestore, restore_id)
    database = session.get(Database, restore.database_id)
    if database is None or database.desired is not DesiredState.RUNNING:
        raise CopyFailed("The database was stopped meanwhile; start it, and restore again.")
    restore.data_version = database.data_version
    restore.status = RestoreStatus.SWITCHING
    database.previous_volume_id, database.volume_id = database.volume_id, restore.volume_id
    database.data_version = version
    _begin_afresh(session, database)
    session.add(restore)
    tell_of_restore(session, restore)


def switch_back(session: Session, restore_id: str, why: str) -> None:
    """End a restore whose volume did not serve: the database is on its old one again. Raises `GivenUp`."""
    restore = _open(session, DatabaseRestore, restore_id)
    database = session.get_one(Database, restore.database_id)
    if database.previous_volume_id is not None and database.volume_id == restore.volume_id:
        database.volume_id, database.previous_volume_id = database.previous_volume_id, None
        database.data_version = restore.data_version
        database.restart_wanted = True  # lest a start finds a server that is ready, and looks no further
        _begin_afresh(session, database)
    fail_restore(session, restore_id, why)


def volume_serves(session: Session, database_id: str, volume_id: str) -> bool:
    """Note that the database's server is ready on this volume; False when it is to be on another one by now.

    Once it has returned True there is no way back to the volume before.
    """
    if session.get_one(Database, database_id).volume_id != volume_id:
        return False
    for restore in unfinished(session, DatabaseRestore, database_id):
        if restore.volume_id == volume_id:
            restore.status, restore.finished_at = RestoreStatus.SUCCEEDED, now()
            session.add(restore)
            tell_of_restore(session, restore)
    return True


def fail_restore(session: Session, restore_id: str, why: str) -> None:
    """End a restore that changed nothing. Raises `GivenUp`."""
    restore = _open(session, DatabaseRestore, restore_id)
    restore.status, restore.failure, restore.finished_at = RestoreStatus.FAILED, why, now()
    session.add(restore)
    tell_of_restore(session, restore)


def tell_of_restore(session: Session, restore: DatabaseRestore) -> None:
    data = {"status": restore.status.value, "size": restore.size, "failure": restore.failure}
    _tell(session, EventKind.RESTORE_STATUS, "DatabaseRestore", restore, data)


def _begin_afresh(session: Session, database: Database) -> None:
    database.problem, database.problem_message = None, ""
    database.problem_exit_code, database.problem_log = None, []
    session.add(database)
    settle_database(session, database.id)


def _open(session: Session, table: type[Copy], copy_id: str) -> Copy:
    row = session.get(table, copy_id)
    if row is None or row.finished_at is not None:
        raise GivenUp
    return row


def _tell(
    session: Session, kind: EventKind, noun: str, row: DatabaseDump | DatabaseRestore, data: Mapping[str, object]
) -> None:
    database = session.get(Database, row.database_id)
    record(
        session,
        kind,
        noun,
        row.id,
        server_id=database.server_id if database else None,
        team_id=row.team_id,
        project_id=row.project_id,
        environment_id=row.environment_id,
        database_id=row.database_id,
        data=dict(data),
    )
