"""After a start or a gap in what we saw: which databases are not as they are wanted."""

import logging
from collections.abc import Sequence
from contextlib import suppress

from sqlmodel import Session, col, select

from db.models import Database, DatabaseContainer, DatabaseDump, DatabaseRestore, DesiredState, RestoreStatus
from db.sessions import Sessions
from engine import labels
from engine.databases.copy_records import unfinished
from engine.databases.status import HOLDING_ON
from engine.docker.values import ContainerSummary
from engine.errors import DockerConflict
from engine.host import Host
from engine.work import Work

log = logging.getLogger(__name__)


async def reconcile_databases(
    sessions: Sessions, host: Host, work: Work, present: Sequence[ContainerSummary]
) -> None:
    """Remove containers of databases that are gone, and have those looked after that are not as they are wanted."""
    known = await sessions.read(_databases, host.server_id)
    for summary in present:
        ours = summary.labels.get(labels.KIND) == labels.DATABASE_KIND
        if ours and summary.labels.get(labels.DATABASE) not in known:
            log.warning("Removing container %s: its database is gone.", summary.name)
            await host.docker.remove_container(summary.id)
    for database_id in await sessions.read(unsettled_databases, host.server_id):
        work.wake(database_id)


async def reconcile_copies(
    sessions: Sessions, host: Host, dumping: Work, restoring: Work, present: Sequence[ContainerSummary]
) -> None:
    """Have dumps and restores that are under way worked on, and remove what others have left on the host."""
    volumes = await host.docker.list_volumes(labels.ours(host.instance_id))
    # Afterwards: what was made meanwhile is worked with.
    dumps, restores = await sessions.read(_copies_under_way)
    under_way = {*dumps, *restores}
    for summary in present:
        scratch = summary.labels.get(labels.KIND) == labels.SCRATCH_KIND
        if scratch and summary.labels.get(labels.SCRATCH) not in under_way:
            log.warning("Removing container %s: nobody works with it any more.", summary.name)
            await host.docker.remove_container(summary.id)
    failed = await sessions.read(_failed_restores)
    for volume in volumes:
        job_id, scratch = volume.labels.get(labels.SCRATCH), volume.labels.get(labels.KIND) == labels.SCRATCH_KIND
        if job_id and job_id not in under_way and (scratch or job_id in failed):
            log.warning("Removing volume %s: nobody works with it any more.", volume.name)
            with suppress(DockerConflict):  # a container is about to be taken off it
                await host.docker.remove_volume(volume.name)
    for dump_id in dumps:
        dumping.wake(dump_id)
    for restore_id in restores:
        restoring.wake(restore_id)


def unsettled_databases(session: Session, server_id: str) -> list[str]:
    """The databases for which there is something to do: two questions, however many there are."""
    rows = session.exec(select(DatabaseContainer).where(DatabaseContainer.server_id == server_id))
    containers = {row.database_id: row for row in rows}
    databases = session.exec(select(Database).where(Database.server_id == server_id))
    return [each.id for each in databases if not _settled(each, containers.get(each.id))]


def _settled(database: Database, container: DatabaseContainer | None) -> bool:
    match database.desired:
        case DesiredState.REMOVED:
            return False
        case DesiredState.STOPPED:
            return container is None or container.state not in HOLDING_ON
        case DesiredState.RUNNING:
            pending = database.restart_wanted or database.next_password or database.previous_volume_id
            named = container is not None and container.name == labels.database_container_name(database.id)
            return named and container is not None and container.ready and not pending


def _copies_under_way(session: Session) -> tuple[list[str], list[str]]:
    dumps = [dump.id for dump in unfinished(session, DatabaseDump)]
    return dumps, [restore.id for restore in unfinished(session, DatabaseRestore)]


def _failed_restores(session: Session) -> set[str]:
    """Whose volumes are nobody's: whatever a row says, a volume that a database is on is its own."""
    rows = session.exec(select(DatabaseRestore).where(DatabaseRestore.status == RestoreStatus.FAILED))
    used = {volume_id for each in session.exec(select(Database)) for volume_id in _volumes(each)}
    return {row.id for row in rows if row.volume_id not in used}


def _volumes(database: Database) -> tuple[str | None, str | None]:
    return database.volume_id, database.previous_volume_id


def _databases(session: Session, server_id: str) -> set[str]:
    return set(session.exec(select(col(Database.id)).where(Database.server_id == server_id)))
