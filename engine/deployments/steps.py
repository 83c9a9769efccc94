"""The steps of a deployment: which may follow which, and how one is recorded."""

from sqlmodel import Session

from db.models import (
    Application,
    Deployment,
    DeploymentStatus,
    EventKind,
    Release,
    ReleaseStatus,
    now,
)
from db.sessions import tell
from engine.deployments.failure import DeploymentFailed
from engine.status import record_about, settle_status

_S = DeploymentStatus

_ENDS_EARLY = {_S.FAILED, _S.CANCELLED}
NEXT: dict[DeploymentStatus, frozenset[DeploymentStatus]] = {
    _S.QUEUED: frozenset({_S.PREPARING, _S.SUPERSEDED, *_ENDS_EARLY}),
    _S.PREPARING: frozenset({_S.STARTING, *_ENDS_EARLY}),
    _S.STARTING: frozenset({_S.CHECKING, *_ENDS_EARLY}),
    _S.CHECKING: frozenset({_S.ROUTING, *_ENDS_EARLY}),
    _S.ROUTING: frozenset({_S.RETIRING, _S.FAILED}),
    _S.RETIRING: frozenset({_S.SUCCEEDED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.SUPERSEDED: frozenset(),
}
"""From where to where a deployment may move. What has no way out is an end."""

CANCELLABLE = frozenset(step for step, following in NEXT.items() if _S.CANCELLED in following)


class IllegalMove(Exception):
    """A deployment was asked to move where it cannot: a mistake of ours."""


def become(session: Session, deployment: Deployment, status: DeploymentStatus) -> None:
    """Move `deployment` to `status`, with its event. Raises `IllegalMove`."""
    if status not in NEXT[deployment.status]:
        raise IllegalMove(f"A deployment that is {deployment.status.value} cannot become {status.value}.")
    deployment.status = status
    if status is _S.PREPARING:
        deployment.started_at = now()
    if not NEXT[status]:
        deployment.finished_at = now()
    session.add(deployment)
    tell(session, deployment)
    application = session.get_one(Application, deployment.application_id)
    record_about(
        session,
        EventKind.DEPLOYMENT_STATUS,
        application,
        noun="Deployment",
        noun_id=deployment.id,
        deployment_id=deployment.id,
        data=_described(deployment),
    )
    settle_status(session, application.id)


def _described(deployment: Deployment) -> dict[str, object]:
    data: dict[str, object] = {"status": deployment.status.value, "number": deployment.number}
    if deployment.failure_reason is not None:
        data |= {"reason": deployment.failure_reason.value, "message": deployment.failure_message}
    return data


def become_release(session: Session, release: Release, status: ReleaseStatus) -> None:
    """Move a release forward, with its event; moving to where it already is does nothing."""
    if release.status is status:
        return
    release.status = status
    if status is ReleaseStatus.LIVE:
        release.live_at = now()
    if status is ReleaseStatus.RETIRED:
        release.retired_at = now()
    session.add(release)
    record_about(
        session,
        EventKind.RELEASE_STATUS,
        session.get_one(Application, release.application_id),
        noun="Release",
        noun_id=release.id,
        data={"status": status.value, "number": release.number},
    )


def fail(session: Session, deployment: Deployment, failure: DeploymentFailed) -> None:
    """End `deployment` with the reason, and with what the release wrote last."""
    deployment.failure_reason = failure.reason
    deployment.failure_message = failure.sentence
    deployment.failure_exit_code = failure.exit_code
    deployment.failure_log = [line.text for line in failure.log]
    become(session, deployment, _S.FAILED)
