"""How an application is stopped, and how it is removed: step after step, each of which may be taken again."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from sqlmodel import Session, col, delete, select

from db.models import (
    Application,
    Container,
    DatabaseLink,
    Deployment,
    DeploymentLogLine,
    EnvironmentVariable,
    EventKind,
    Release,
    ReleaseStatus,
    Volume,
)
from db.sessions import Sessions
from engine import labels
from engine.deployments.replicas import Replicas
from engine.deployments.steps import become_release
from engine.domains.requests import forget_domains
from engine.host import Host
from engine.status import record_about, settle_status

log = logging.getLogger(__name__)


class Closing:
    """Stops and removes the applications of one server."""

    def __init__(self, sessions: Sessions, host: Host, replicas: Replicas) -> None:
        self._sessions = sessions
        self._host = host
        self._replicas = replicas

    async def take(self, steps: "Steps", application: Application) -> None:
        """Take all the steps. Cut short anywhere, they are taken again from the first one."""
        for name, step in steps.items():
            log.info("%s: %s", application.name, name)
            await step(self, application)

    async def move_routes(self, _: Application) -> None:
        """Visitors get a page of ours; what is under way goes on."""
        await self._host.publisher.publish()

    async def stop_containers(self, application: Application) -> None:
        """Those of the release that was live stay, stopped, with their logs."""
        kept = application.live_release_id or application.last_release_id
        await self._replicas.retire_beside(application.id, kept)
        await self._replicas.stop(kept or "")

    async def note_stopped(self, application: Application) -> None:
        await self._sessions.write(stopped, application.id)

    async def remove_containers(self, application: Application) -> None:
        await self._replicas.retire_beside(application.id, None)

    async def remove_volumes(self, application: Application) -> None:
        """If that was said; what they hold is lost."""
        for volume_id in await self._sessions.read(_volumes_to_go, application.id):
            await self._host.docker.remove_volume(labels.volume_name(volume_id))

    async def forget(self, application: Application) -> None:
        await self._sessions.write(forget_application, application.id)


Steps = Mapping[str, Callable[[Closing, Application], Awaitable[None]]]

STOPPING: Steps = {
    "stopping, its routes": Closing.move_routes,
    "stopping, its containers": Closing.stop_containers,
    "stopping, the record of it": Closing.note_stopped,
}
"""What stopping a live application takes, in order. The names stand in the log."""

REMOVING: Steps = {
    "removing, its routes": Closing.move_routes,
    "removing, its containers": Closing.remove_containers,
    "removing, its volumes": Closing.remove_volumes,
    "removing, the record of it": Closing.forget,
}
"""What removing an application takes, in order. The names stand in the log."""


def stopped(session: Session, application_id: str) -> None:
    """Note that the application no longer runs, and what it was, for `start`."""
    application = session.get_one(Application, application_id)
    if application.live_release_id is not None:
        release = session.get_one(Release, application.live_release_id)
        become_release(session, release, ReleaseStatus.RETIRED)
        application.last_release_id = application.live_release_id
        application.live_release_id = None
        session.add(application)
    settle_status(session, application_id)


def _volumes_to_go(session: Session, application_id: str) -> list[str]:
    application = session.get_one(Application, application_id)
    if not application.remove_volumes:
        return []
    return list(session.exec(select(Volume.id).where(Volume.application_id == application_id)))


def forget_application(session: Session, application_id: str) -> None:
    """Delete everything we remember of an application but its events."""
    application = session.get_one(Application, application_id)
    record_about(session, EventKind.REMOVED, application, data={"name": application.name})
    session.flush()
    deployments = select(Deployment.id).where(Deployment.application_id == application_id)
    session.exec(delete(DeploymentLogLine).where(col(DeploymentLogLine.deployment_id).in_(deployments)))
    forget_domains(session, application_id)
    for table in (Deployment, Release, EnvironmentVariable, Volume, DatabaseLink, Container):
        session.exec(delete(table).where(col(table.application_id) == application_id))
    session.delete(application)
