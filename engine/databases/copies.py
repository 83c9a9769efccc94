"""What may be asked of dumps and restores: one transaction each, the work comes afterwards.

A database is dumped or restored once at a time; whoever asks for more meanwhile is told to come back.
"""

from collections.abc import Callable
from pathlib import Path

from sqlmodel import Session

from db.models import (
    Database,
    DatabaseDump,
    DatabaseRestore,
    DatabaseStatus,
    DesiredState,
    DumpStatus,
    Environment,
    EventKind,
    RestoreStatus,
)
from db.sessions import Sessions
from engine.databases.catalogue import CATALOGUE
from engine.databases.copy_records import fail_restore, tell_of_dump, tell_of_restore, unfinished, volume_serves
from engine.databases.dump_files import dump_path
from engine.databases.standing import standing_database
from engine.errors import InvalidInput, NotFound, NotNow

_DATABASE = ("input", "databaseId")
_DUMP = ("input", "dumpId")


class Copies:
    """What the API may do with dumps, whose files are in `directory`.

    `wake_dump` has a dump worked on, `wake_restore` a restore.
    """

    def __init__(
        self,
        sessions: Sessions,
        directory: Path,
        wake_dump: Callable[[str], None],
        wake_restore: Callable[[str], None],
    ) -> None:
        self._sessions = sessions
        self._directory = directory
        self._wake_dump = wake_dump
        self._wake_restore = wake_restore

    async def dump(self, database_id: str, by: str) -> DatabaseDump:
        """Ask for a dump. Raises `NotFound`, and `NotNow` unless the database runs and nothing copies it."""
        dump = await self._sessions.write(_dump, database_id, by)
        self._wake_dump(dump.id)
        return dump

    async def restore(self, database_id: str, dump_id: str, by: str) -> DatabaseRestore:
        """Ask for what is in a dump to be all that is in the database.

        Raises `NotFound`, `InvalidInput` for a dump that this database cannot read, `NotNow`.
        """
        restore = await self._sessions.write(_restore, database_id, dump_id, by)
        self._wake_restore(restore.id)
        return restore

    async def remove(self, dump_id: str) -> None:
        """Delete a dump and its file. Raises `NotFound`, and `NotNow` while something works with it."""
        await self._sessions.write(_remove, dump_id, self._directory)


def check_no_restore(session: Session, database: Database, *, switching: bool = False) -> None:
    """Raises `NotNow` while the database is being restored; with `switching`, only while that touches its server."""
    for restore in unfinished(session, DatabaseRestore, database.id):
        if not switching or restore.status is RestoreStatus.SWITCHING:
            raise NotNow(f"{database.name} is being restored; wait for the end of that.", field=_DATABASE)


def give_up_restores(session: Session, database: Database) -> None:
    """End the restores of a database that goes. A volume that was switched to is the database's own, and stays so."""
    volume_serves(session, database.id, database.volume_id)
    for restore in unfinished(session, DatabaseRestore, database.id):
        fail_restore(session, restore.id, f"{database.name} was removed.")


def _dump(session: Session, database_id: str, by: str) -> DatabaseDump:
    database = standing_database(session, database_id)
    if database.status is not DatabaseStatus.RUNNING:
        raise NotNow(f"{database.name} has to run to be dumped.", field=_DATABASE)
    _check_free(session, database)
    environment = session.get_one(Environment, database.environment_id)
    dump = DatabaseDump(
        database_id=database.id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        name=database.name,
        kind=database.kind,
        version=database.version,
        database_name=database.database_name,
        requested_by=by,
    )
    session.add(dump)
    tell_of_dump(session, dump)
    return dump


def _restore(session: Session, database_id: str, dump_id: str, by: str) -> DatabaseRestore:
    database = standing_database(session, database_id)
    dump = _known(session, dump_id)
    _check_readable(database, dump)
    if database.desired is not DesiredState.RUNNING:
        raise NotNow(f"{database.name} is stopped; start it, to be restored.", field=_DATABASE)
    if database.next_password is not None or database.previous_volume_id is not None:
        raise NotNow(f"{database.name} is about to change; try again soon.", field=_DATABASE)
    _check_free(session, database)
    environment = session.get_one(Environment, database.environment_id)
    restore = DatabaseRestore(
        database_id=database.id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        dump_id=dump.id,
        requested_by=by,
    )
    session.add(restore)
    tell_of_restore(session, restore)
    return restore


def _check_free(session: Session, database: Database) -> None:
    check_no_restore(session, database)
    if unfinished(session, DatabaseDump, database.id):
        raise NotNow(f"{database.name} is being dumped; wait for the end of that.", field=_DATABASE)


def _check_readable(database: Database, dump: DatabaseDump) -> None:
    kind = CATALOGUE[database.kind]
    if dump.status is not DumpStatus.GOOD:
        raise NotNow("Only a dump that is good can be restored.", field=_DUMP)
    if dump.kind is not database.kind:
        sentence = f"This is a dump of {CATALOGUE[dump.kind].title}, which {kind.title} cannot read."
        raise InvalidInput(sentence, field=_DUMP)
    if not kind.may_read(dump.version, database.version):
        sentence = f"{kind.title} {database.version} cannot read a dump of version {dump.version}."
        raise InvalidInput(sentence, field=_DUMP)
    if dump.database_name != database.database_name:
        # Its applications would find the database that their connection string names gone, or empty.
        sentence = (
            f"The dump has its data in the database {dump.database_name}, and this one is made for "
            f"{database.database_name}. Restore it into one that is made with that database name."
        )
        raise InvalidInput(sentence, field=_DUMP)


def _remove(session: Session, dump_id: str, directory: Path) -> None:
    dump = _known(session, dump_id)
    if dump.finished_at is None:
        raise NotNow("The dump is being made; wait for the end of that.", field=_DUMP)
    if any(restore.dump_id == dump.id for restore in unfinished(session, DatabaseRestore)):
        raise NotNow("The dump is being restored; wait for the end of that.", field=_DUMP)
    dump_path(directory, dump).unlink(missing_ok=True)  # before the row goes: whoever is cut short asks again
    tell_of_dump(session, dump, EventKind.REMOVED)
    session.delete(dump)


def _known(session: Session, dump_id: str) -> DatabaseDump:
    dump = session.get(DatabaseDump, dump_id)
    if dump is None:
        raise NotFound("There is no such dump.", field=_DUMP)
    return dump
