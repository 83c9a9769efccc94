"""After a start or a gap in what we saw: which databases are not as they are wanted."""

import logging
from collections.abc import Sequence

from sqlmodel import Session, col, select

from db.models import Database, DatabaseContainer, DesiredState
from db.sessions import Sessions
from engine import labels
from engine.databases.status import HOLDING_ON
from engine.docker.values import ContainerSummary
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


def _databases(session: Session, server_id: str) -> set[str]:
    return set(session.exec(select(col(Database.id)).where(Database.server_id == server_id)))
