"""After a start or a gap in what we saw: everything of ours on a host is looked at once."""

import logging
from collections.abc import Sequence

from sqlmodel import Session, col, select

from db.models import Application, Environment
from db.sessions import Sessions
from engine import labels
from engine.docker.values import ContainerSummary
from engine.host import Host
from engine.work import Work

log = logging.getLogger(__name__)


async def reconcile(sessions: Sessions, host: Host, work: Work, present: Sequence[ContainerSummary]) -> None:
    """Remove what has no owner any more, and have every application looked after.

    `present` is every container of ours there is. A volume without an owner is one that was kept: nobody
    asked for its end, so nobody looks for it.
    """
    await _remove_orphaned_containers(sessions, host, present)
    await remove_orphaned_networks(sessions, host)
    host.publisher.afresh(present)
    for application_id in await sessions.read(_applications, host.server_id):
        work.wake(application_id)


async def _remove_orphaned_containers(sessions: Sessions, host: Host, present: Sequence[ContainerSummary]) -> None:
    known = set(await sessions.read(_applications, host.server_id))
    for summary in present:
        if labels.is_application(summary.labels) and summary.labels.get(labels.APPLICATION) not in known:
            log.warning("Removing container %s: its application is gone.", summary.name)
            await host.docker.remove_container(summary.id)


async def remove_orphaned_networks(sessions: Sessions, host: Host) -> None:
    """Remove the networks of environments that are gone."""
    known = await sessions.read(_environments)
    for network in await host.docker.list_networks(labels.ours(host.instance_id)):
        environment_id = network.labels.get(labels.ENVIRONMENT)
        if environment_id and environment_id not in known:
            await host.publisher.leave(network.name)
            await host.networks.remove(environment_id)


def _applications(session: Session, server_id: str) -> list[str]:
    return list(session.exec(select(Application.id).where(Application.server_id == server_id)))


def _environments(session: Session) -> set[str]:
    return set(session.exec(select(col(Environment.id))))
