"""After a start or a gap in what we saw: everything of ours on a host is looked at once."""

import logging
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select

from db.models import Application, Container, Deployment, DesiredState, Environment, Release
from db.sessions import Sessions
from engine import labels
from engine.docker.values import ContainerSummary
from engine.host import Host
from engine.keeper import as_wanted
from engine.release_spec import ReleaseSpec
from engine.work import Work

log = logging.getLogger(__name__)

_SERVER: BindParameter[str] = bindparam("server_id")
_DEPLOYING = select(Deployment.application_id).where(col(Deployment.finished_at).is_(None))
_CONTAINERS = select(Container).where(col(Container.server_id) == _SERVER)
_LIVE = (
    select(Application, Release)
    .join(Release, col(Release.id) == col(Application.live_release_id), isouter=True)
    .where(col(Application.server_id) == _SERVER)
)
_APPLICATIONS = select(Application.id).where(col(Application.server_id) == _SERVER)


async def reconcile(sessions: Sessions, host: Host, work: Work, present: Sequence[ContainerSummary]) -> None:
    """Remove what has no owner any more, and have every application looked after that is not as it is wanted.

    `present` is every container of ours there is. A volume without an owner is one that was kept: nobody
    asked for its end, so nobody looks for it.
    """
    await _remove_orphaned_containers(sessions, host, present)
    await remove_orphaned_networks(sessions, host)
    host.publisher.afresh(present)
    for application_id in await sessions.read(unsettled, host.server_id):
        work.wake(application_id)


async def _remove_orphaned_containers(sessions: Sessions, host: Host, present: Sequence[ContainerSummary]) -> None:
    known = set(await sessions.read(_applications, host.server_id))
    for summary in present:
        if labels.is_application(summary.labels) and summary.labels.get(labels.APPLICATION) not in known:
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


def unsettled(session: Session, server_id: str) -> list[str]:
    """The applications for which there is something to do.

    What a keeper asks about one application, asked about all at once: three questions, however many there are.
    """
    here = {"server_id": server_id}
    deploying = set(session.exec(_DEPLOYING))
    containers: defaultdict[str, list[Container]] = defaultdict(list)
    for row in session.exec(_CONTAINERS, params=here):
        containers[row.application_id].append(row)
    return [
        application.id
        for application, release in session.exec(_LIVE, params=here)
        if application.id in deploying or not _settled(application, release, containers[application.id])
    ]


def _settled(application: Application, release: Release | None, rows: Sequence[Container]) -> bool:
    match application.desired:
        case DesiredState.REMOVED:
            return False
        case DesiredState.STOPPED:
            return release is None
        case DesiredState.RUNNING:
            if release is None:
                return not rows
            alone = all(row.release_id == release.id for row in rows)
            return alone and as_wanted(rows, ReleaseSpec.model_validate(release.spec))


def _applications(session: Session, server_id: str) -> list[str]:
    return list(session.exec(_APPLICATIONS, params={"server_id": server_id}))


def _environments(session: Session) -> set[str]:
    return set(session.exec(select(col(Environment.id))))
