"""Asking for a deployment, or for its end: one transaction each, the work comes afterwards."""

from collections.abc import Callable

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from db.models import (
    Application,
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    DesiredState,
    EventKind,
    Release,
)
from db.sessions import Sessions
from engine.deployments.steps import CANCELLABLE, become
from engine.errors import NotFound, NotNow
from engine.status import record_about, settle_status

_APPLICATION = ("input", "applicationId")
_OF_APPLICATION = Deployment.application_id == bindparam("application_id")
_LAST_NUMBER = select(func.max(Deployment.number)).where(_OF_APPLICATION)
_UNFINISHED = select(Deployment).where(_OF_APPLICATION, col(Deployment.finished_at).is_(None))


class Deployments:
    """What the API may ask. `wake` has an application looked at, `interrupt` stops the step of a deployment."""

    def __init__(self, sessions: Sessions, wake: Callable[[str], None], interrupt: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._wake = wake
        self._interrupt = interrupt

    async def deploy(self, application_id: str, requested_by: str) -> Deployment:
        """A new release of the application as it is now. Raises `NotFound`, `NotNow`."""
        return await self._ask(application_id, DeploymentKind.DEPLOY, None, requested_by)

    async def roll_back(self, application_id: str, release_id: str | None, requested_by: str) -> Deployment:
        """A release like that earlier one, by default the last that was live before the live one.

        Raises `NotFound`, and `NotNow` when there is none.
        """
        return await self._ask(application_id, DeploymentKind.ROLLBACK, release_id, requested_by)

    async def restart(self, application_id: str, requested_by: str) -> Deployment:
        """The live release again, in new containers. Raises `NotFound`, and `NotNow` when nothing is live."""
        return await self._ask(application_id, DeploymentKind.RESTART, None, requested_by)

    async def start(self, application_id: str, requested_by: str) -> Deployment:
        """A stopped application again as it was. Raises `NotFound`, and `NotNow` unless it is stopped."""
        return await self._ask(application_id, DeploymentKind.START, None, requested_by)

    async def stop(self, application_id: str) -> Application:
        """Stop the application and keep it stopped, until it is started or deployed. Raises `NotFound`."""
        application, interrupted = await self._sessions.write(_stop, application_id)
        for deployment_id in interrupted:
            self._interrupt(deployment_id)
        self._wake(application_id)
        return application

    async def cancel(self, deployment_id: str) -> Deployment:
        """Give a deployment up. Raises `NotFound`, and `NotNow` once requests go to the new release."""
        deployment = await self._sessions.write(_cancel, deployment_id)
        self._interrupt(deployment_id)
        self._wake(deployment.application_id)
        return deployment

    async def _ask(
        self, application_id: str, kind: DeploymentKind, release_id: str | None, requested_by: str
    ) -> Deployment:
        deployment = await self._sessions.write(request_deployment, application_id, kind, release_id, requested_by)
        self._wake(application_id)
        return deployment


def request_deployment(
    session: Session, application_id: str, kind: DeploymentKind, release_id: str | None, requested_by: str
) -> Deployment:
    """Ask for a deployment within this transaction; who calls wakes the application. Raises `NotFound`, `NotNow`."""
    application = standing(session, application_id)
    source = _source(session, application, kind, release_id)
    _supersede_queued(session, application_id)
    last = session.exec(_LAST_NUMBER, params={"application_id": application_id}).one()
    deployment = Deployment(
        application_id=application_id,
        number=(last or 0) + 1,
        kind=kind,
        source_release_id=source.id if source else None,
        requested_by=requested_by,
    )
    session.add(deployment)
    application.desired = DesiredState.RUNNING
    session.add(application)
    record_about(
        session,
        EventKind.DEPLOYMENT_STATUS,
        application,
        noun="Deployment",
        noun_id=deployment.id,
        deployment_id=deployment.id,
        data={"status": deployment.status.value, "number": deployment.number},
    )
    settle_status(session, application_id)
    return deployment


def standing(session: Session, application_id: str) -> Application:
    """The application, unless it is not there or about to go. Raises `NotFound`, `NotNow`."""
    application = session.get(Application, application_id)
    if application is None:
        raise NotFound("There is no such application.", field=_APPLICATION)
    if application.desired is DesiredState.REMOVED:
        raise NotNow(f"{application.name} is being removed.", field=_APPLICATION)
    return application


def _source(
    session: Session, application: Application, kind: DeploymentKind, release_id: str | None
) -> Release | None:
    match kind:
        case DeploymentKind.DEPLOY:
            return None
        case DeploymentKind.ROLLBACK:
            return _earlier(session, application, release_id)
        case DeploymentKind.RESTART:
            if application.desired is DesiredState.STOPPED or application.live_release_id is None:
                raise NotNow(f"Nothing of {application.name} is live.", field=_APPLICATION)
            return session.get_one(Release, application.live_release_id)
        case DeploymentKind.START:
            if application.desired is not DesiredState.STOPPED:
                raise NotNow(f"{application.name} is not stopped.", field=_APPLICATION)
            if application.last_release_id is None:
                raise NotNow(f"{application.name} was never live; deploy it.", field=_APPLICATION)
            return session.get_one(Release, application.last_release_id)


def _earlier(session: Session, application: Application, release_id: str | None) -> Release:
    query = select(Release).where(Release.application_id == application.id, col(Release.live_at).is_not(None))
    if release_id is not None:
        named = session.exec(query.where(Release.id == release_id)).first()
        if named is None:
            raise NotFound(
                f"{application.name} has no release with this id that was ever live.",
                field=("input", "releaseId"),
            )
        return named
    before = query.where(Release.id != (application.live_release_id or application.last_release_id))
    previous = session.exec(before.order_by(col(Release.number).desc())).first()
    if previous is None:
        raise NotNow(f"{application.name} has no earlier release to go back to.", field=_APPLICATION)
    return previous


def _unfinished(session: Session, application_id: str) -> list[Deployment]:
    return list(session.exec(_UNFINISHED, params={"application_id": application_id}))


def _supersede_queued(session: Session, application_id: str) -> None:
    for deployment in _unfinished(session, application_id):
        if deployment.status is DeploymentStatus.QUEUED:
            become(session, deployment, DeploymentStatus.SUPERSEDED)


def _stop(session: Session, application_id: str) -> tuple[Application, list[str]]:
    application = standing(session, application_id)
    interrupted = ask_to_stop(session, application)
    application.desired = DesiredState.STOPPED
    session.add(application)
    settle_status(session, application_id)
    return application, interrupted


def ask_to_stop(session: Session, application: Application) -> list[str]:
    """Give up what is queued or can still be given up; the ids of those whose step is to be interrupted."""
    interrupted = []
    for deployment in _unfinished(session, application.id):
        if deployment.status is DeploymentStatus.QUEUED:
            become(session, deployment, DeploymentStatus.CANCELLED)
        elif deployment.status in CANCELLABLE:
            deployment.cancel_requested = True
            session.add(deployment)
            interrupted.append(deployment.id)
    return interrupted


def _cancel(session: Session, deployment_id: str) -> Deployment:
    deployment = session.get(Deployment, deployment_id)
    if deployment is None:
        raise NotFound("There is no such deployment.", field=("input", "deploymentId"))
    if deployment.status not in CANCELLABLE:
        raise NotNow(
            f"Deployment {deployment.number} is {deployment.status.value.lower()}; "
            "it can be cancelled only until requests go to its release.",
            field=("input", "deploymentId"),
        )
    if deployment.status is DeploymentStatus.QUEUED:
        become(session, deployment, DeploymentStatus.CANCELLED)
    else:
        deployment.cancel_requested = True
        session.add(deployment)
    return deployment
