"""After a start or a gap in what we saw: everything of ours on a host is looked at once."""

import logging

from sqlmodel import Session, col, select

from db.models import Application, Container, Environment
from db.sessions import Sessions
from engine import labels
from engine.host import Host
from engine.work import Work

log = logging.getLogger(__name__)


async def reconcile(sessions: Sessions, host: Host, work: Work) -> None:
    """Remove what has no owner any more, and have every application looked after."""
    await _remove_orphaned_containers(sessions, host)
    await remove_orphaned_networks(sessions, host)
    host.publisher.afresh()
    for application_id in await sessions.read(_applications, host.server_id):
        work.wake(application_id)


async def _remove_orphaned_containers(sessions: Sessions, host: Host) -> None:
    known = await sessions.read(_containers, host.server_id)
    for summary in await host.docker.list_containers(labels.ours(host.instance_id)):
        if labels.is_application(summary.labels) and summary.id not in known:
            log.warning("Removing container %s: its application is gone.", summary.name)
            await host.docker.remove_container(summary.id)


async def remove_orphaned_networks(sessions: Sessions, host: Host) -> None:
    """Remove the networks of environments that are gone, and give back the ranges of those that have none."""
    present = await host.docker.list_networks(labels.ours(host.instance_id))
    claimed = await host.networks.environments() | {each.labels.get(labels.ENVIRONMENT, "") for each in present}
    known = await sessions.read(_environments)  # afterwards: what was made meanwhile has an owner
    for environment_id in claimed - known - {""}:
        await host.publisher.leave(labels.network_name(environment_id))
        await host.networks.remove(environment_id)


def _applications(session: Session, server_id: str) -> list[str]:
    return list(session.exec(select(Application.id).where(Application.server_id == server_id)))


def _containers(session: Session, server_id: str) -> set[str]:
    return set(session.exec(select(Container.id).where(Container.server_id == server_id)))


def _environments(session: Session) -> set[str]:
    return set(session.exec(select(col(Environment.id))))
