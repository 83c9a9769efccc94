"""Making one application what it is wanted to be: deployed, running, stopped, gone."""

import logging
from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select

from db.models import (
    Application,
    Container,
    Deployment,
    DeploymentStatus,
    DesiredState,
    Release,
    RestartPolicy,
)
from db.sessions import Sessions
from engine import labels
from engine.closing import REMOVING, STOPPING, Closing
from engine.concurrency import Interrupted, Interruptible
from engine.deployments.failure import DeploymentFailed
from engine.deployments.replicas import HOLDING_ON, Replicas
from engine.deployments.runner import Runner
from engine.deployments.work_order import containers_of_release
from engine.docker.values import ContainerState
from engine.errors import EngineError
from engine.host import Host
from engine.release_spec import ReleaseSpec

log = logging.getLogger(__name__)

_UNFINISHED = (
    select(Deployment)
    .where(
        Deployment.application_id == bindparam("application_id"),
        col(Deployment.finished_at).is_(None),
    )
    .order_by(col(Deployment.number))
)
_BESIDE = select(Container.id).where(
    Container.application_id == bindparam("application_id"), Container.release_id != bindparam("release_id")
)


class Keeper:
    """Converges the applications of one server."""

    def __init__(self, sessions: Sessions, host: Host, runner: Runner, replicas: Replicas) -> None:
        self._sessions = sessions
        self._host = host
        self._runner = runner
        self._replicas = replicas
        self._closing = Closing(sessions, host, replicas)
        self._reviving = Interruptible()

    def interrupt(self, application_id: str) -> None:
        """Do not wait any longer for a release that may never be healthy: a person has asked for something."""
        self._reviving.interrupt(application_id)

    async def converge(self, application_id: str) -> None:
        """Do everything there is to do for one application, then return. May be cut short and called again."""
        while (deployment_id := await self._sessions.read(next_deployment, application_id)) is not None:
            await self._runner.run(deployment_id)
        application = await self._sessions.read(_application, application_id)
        if application is None:
            return
        match application.desired:
            case DesiredState.RUNNING:
                await self._keep(application_id)
            case DesiredState.STOPPED:
                await self._stop(application_id)
            case DesiredState.REMOVED:
                await self._closing.take(REMOVING, application)

    async def _keep(self, application_id: str) -> None:
        """What is live runs, and nothing else does."""
        application, release = await self._sessions.read(_live, application_id)
        if application is None:
            return
        if await self._sessions.read(_strays, application_id, release.id if release else None):
            # A deployment that could not be undone may have left the proxy with a document that leads to them.
            await self._host.publisher.publish()
            await self._replicas.retire_beside(application_id, release.id if release else None)
        if release is not None:
            spec = ReleaseSpec.model_validate(release.spec)
            rows = await self._sessions.read(containers_of_release, release.id)
            if not as_wanted(rows, spec):
                await self._revive(application, release, spec)
        self._host.publisher.request()

    async def _revive(self, application: Application, release: Release, spec: ReleaseSpec) -> None:
        log.info("%s: release %s does not run as it should; mending it.", application.name, release.number)
        self._host.publisher.request()
        await self._replicas.start(application, release, spec)
        await self._replicas.keep_running(release.id, spec)
        try:
            await self._reviving.run(application.id, self._replicas.until_ready(application, release, spec))
        except DeploymentFailed as failure:
            # It may be well later without a word from Docker: it is asked again, with a delay that grows.
            raise EngineError(f"{application.name}: {failure.sentence}") from failure
        except Interrupted:
            log.info("%s: something else was asked for meanwhile.", application.name)

    async def _stop(self, application_id: str) -> None:
        """Nothing runs; what is left is the release that the application starts again with."""
        application, release = await self._sessions.read(_live, application_id)
        if application is None:
            return
        if release is not None or await self._sessions.read(_more_than_rests, application):
            await self._closing.take(STOPPING, application)
        self._host.publisher.request()


def next_deployment(session: Session, application_id: str) -> str | None:
    """The deployment to carry on with: the one under way, else the queued one."""
    rows = session.exec(_UNFINISHED, params={"application_id": application_id}).all()
    begun = [row.id for row in rows if row.status is not DeploymentStatus.QUEUED]
    queued = [row.id for row in rows]
    return next(iter(begun or queued), None)


def as_wanted(rows: Sequence[Container], spec: ReleaseSpec) -> bool:
    """Whether there is nothing to do for a live release: its replicas are ready, or rest as they may."""
    return len(rows) >= spec.replicas and all(
        row.name == labels.container_name(row.release_id, row.replica)
        and (row.ready or _may_rest(row, spec.restart_policy))
        for row in rows
    )


def _may_rest(row: Container, policy: RestartPolicy) -> bool:
    if row.state == ContainerState.RESTARTING.value:
        return True  # Docker is at it
    if row.state != ContainerState.EXITED.value:
        return False
    match policy:
        case RestartPolicy.UNLESS_STOPPED:
            return False
        case RestartPolicy.ON_FAILURE:
            return row.exit_code == 0
        case RestartPolicy.NEVER:
            return True


def _application(session: Session, application_id: str) -> Application | None:
    return session.get(Application, application_id)


def _live(session: Session, application_id: str) -> tuple[Application | None, Release | None]:
    application = session.get(Application, application_id)
    if application is None or application.live_release_id is None:
        return application, None
    return application, session.get_one(Release, application.live_release_id)


def _strays(session: Session, application_id: str, release_id: str | None) -> bool:
    beside = {"application_id": application_id, "release_id": release_id or ""}
    return session.exec(_BESIDE, params=beside).first() is not None


def _more_than_rests(session: Session, application: Application) -> bool:
    """Whether a stopped application has a container that runs, or one of another release than its last."""
    query = select(Container.id).where(
        Container.application_id == application.id,
        or_(Container.release_id != (application.last_release_id or ""), col(Container.state).in_(HOLDING_ON)),
    )
    return session.exec(query.limit(1)).first() is not None
