"""A deployment, from whatever step it is at to its end."""

import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from db.errors import DatabaseUnusable
from db.models import (
    Application,
    Deployment,
    DeploymentStatus,
    FailureReason,
    LogSource,
    Release,
    ReleaseStatus,
    Strategy,
)
from db.sessions import Sessions
from engine.concurrency import Interrupted, Interruptible
from engine.deployments.failure import DeploymentFailed, failure_of
from engine.deployments.journal import Journals, Line, append_line
from engine.deployments.prepare import Preparation
from engine.deployments.replicas import Replicas
from engine.deployments.steps import CANCELLABLE, become, become_release, fail
from engine.deployments.work_order import WorkOrder, containers_of_release, read_order
from engine.docker.values import LogStream
from engine.errors import EngineError
from engine.host import Host
from engine.status import settle_status
from engine.telemetry import Telemetry

log = logging.getLogger(__name__)

_S = DeploymentStatus

_LIVE_BESIDE = select(Release).where(
    Release.application_id == bindparam("application_id"),
    Release.id != bindparam("release_id"),
    col(Release.status) == ReleaseStatus.LIVE,
)

_Step = Callable[[WorkOrder], Awaitable[str | None]]
"""Takes one step; what it returns is said in the journal together with the move to the next one."""


class Runner:
    """Carries out the deployments of one server.

    Every step can be carried out again from its beginning: a deployment that was cut short by the end of
    the process is taken up at the step that its row names.
    """

    def __init__(
        self,
        sessions: Sessions,
        host: Host,
        preparation: Preparation,
        replicas: Replicas,
        journals: Journals,
        telemetry: Telemetry,
    ) -> None:
        self._sessions = sessions
        self._host = host
        self._preparation = preparation
        self._replicas = replicas
        self._journals = journals
        self._telemetry = telemetry
        self._current = Interruptible()
        self._steps: dict[DeploymentStatus, tuple[_Step, DeploymentStatus]] = {
            _S.PREPARING: (self._preparation.prepare, _S.STARTING),
            _S.STARTING: (self._start, _S.CHECKING),
            _S.CHECKING: (self._check, _S.ROUTING),
            _S.ROUTING: (self._route, _S.RETIRING),
            _S.RETIRING: (self._retire, _S.SUCCEEDED),
        }

    async def run(self, deployment_id: str) -> None:
        """Take the deployment to its end: succeeded, failed or cancelled."""
        with self._telemetry.tracing.span("deployment", attributes={"wharf.deployment.id": deployment_id}):
            await self._run(deployment_id)

    async def _run(self, deployment_id: str) -> None:
        order = await self._sessions.write(_begin, deployment_id)
        log.info("%s: %s", _named(order), order.deployment.status.value.lower())
        try:
            while order.deployment.status in self._steps:
                order = await self._take_step(order)
            log.info("%s: succeeded", _named(order))
        except DeploymentFailed as failure:
            await self._give_up(deployment_id, failure)
        except Interrupted:
            await self._give_up(deployment_id, None)

    def interrupt(self, deployment_id: str) -> None:
        """Stop the step under way now: the deployment was asked to be cancelled."""
        self._current.interrupt(deployment_id)

    async def _take_step(self, order: WorkOrder) -> WorkOrder:
        status = order.deployment.status
        step, following = self._steps[status]
        if order.deployment.cancel_requested and status in CANCELLABLE:
            raise Interrupted
        try:
            with self._telemetry.deployment_step(status.value.lower()):
                said = await self._current.run(order.deployment.id, step(order))
        except (DeploymentFailed, Interrupted, DatabaseUnusable):
            raise  # what cannot be written down now is done again from the step that is written down
        except Exception as error:  # a mistake of ours must end a deployment too, or it would hang for ever
            # Once the new release answers there is no way back, only another attempt.
            if status is _S.RETIRING:
                raise
            raise _explained(order, error) from error
        return await self._sessions.write(_advance, order.deployment.id, following, said)

    async def _start(self, order: WorkOrder) -> str:
        if order.spec.strategy is Strategy.RECREATE and order.previous is not None:
            await self._step_aside(order, order.previous)
        await self._replicas.start(order.application, order.made, order.spec)
        return f"Started {_replicas(order.spec.replicas)}."

    async def _step_aside(self, order: WorkOrder, previous: Release) -> None:
        await self._sessions.write(point_to, order.application.id, None)
        await self._host.publisher.publish()
        await self._replicas.stop(previous.id)
        await self._say(order, f"Stopped release {previous.number}, which must not run beside another.")

    async def _check(self, order: WorkOrder) -> str:
        await self._replicas.until_ready(order.application, order.made, order.spec)
        return f"{_replicas(order.spec.replicas).capitalize()} passed the health check."

    async def _route(self, order: WorkOrder) -> str | None:
        # Since the check we may have been away, and the release may have ended.
        if not await self._sessions.read(_all_ready, order.made.id, order.spec.replicas):
            await self._replicas.until_ready(order.application, order.made, order.spec)
        await self._replicas.keep_running(order.made.id, order.spec)
        await self._sessions.write(point_to, order.application.id, order.made.id)
        await self._host.publisher.publish()
        if order.spec.port is None:
            return None
        await self._host.publisher.prove(order.application.id, order.made.id, order.spec)
        return f"The proxy answers with release {order.made.number}."

    async def _retire(self, order: WorkOrder) -> None:
        await self._sessions.write(_drain_others, order)
        await self._replicas.retire_beside(order.application.id, order.made.id)

    async def _give_up(self, deployment_id: str, failure: DeploymentFailed | None) -> None:
        order = await self._sessions.read(read_order, deployment_id)
        log.info("%s: %s", _named(order), failure.sentence if failure else "cancelled")
        if failure is not None:
            await self._journals.write(deployment_id, *_last_words(failure))
        try:
            await self._undo(order)
        except (EngineError, DeploymentFailed) as error:
            # What is left of the new release goes when the application is looked after the next time.
            await self._say(order, f"Could not clean up: {error}")
        await self._sessions.write(_end, deployment_id, failure)

    async def _undo(self, order: WorkOrder) -> None:
        if order.release is None:
            return
        if order.application.live_release_id != (order.previous.id if order.previous else None):
            await self._bring_back(order)
        await self._replicas.remove(order.release.id)

    async def _bring_back(self, order: WorkOrder) -> None:
        """Let requests go to the release before again, which may first have to be started."""
        previous, spec = order.previous, order.previous_spec
        await self._sessions.write(point_to, order.application.id, previous.id if previous else None)
        if previous is not None and spec is not None:
            await self._replicas.start(order.application, previous, spec)
            await self._replicas.keep_running(previous.id, spec)
            await self._replicas.until_ready(order.application, previous, spec)
        await self._host.publisher.publish()

    async def _say(self, order: WorkOrder, sentence: str) -> None:
        await self._journals.say(order.deployment.id, sentence)


def _explained(order: WorkOrder, error: Exception) -> DeploymentFailed:
    if isinstance(error, EngineError):
        return failure_of(order.deployment.status, error)
    log.error("Deployment %s met a mistake of ours", order.deployment.id, exc_info=error)
    sentence = "Something went wrong on our side; the server's log says what."
    return DeploymentFailed(FailureReason.INTERNAL, sentence)


def _named(order: WorkOrder) -> str:
    return f"{order.application.name}, deployment {order.deployment.number}"


def _replicas(number: int) -> str:
    return "the container" if number == 1 else f"all {number} replicas"


def _last_words(failure: DeploymentFailed) -> list[Line]:
    sources = {LogStream.STDOUT: LogSource.STDOUT, LogStream.STDERR: LogSource.STDERR}
    said: list[Line] = [(sources[line.stream], line.text) for line in failure.log]
    return [*said, (LogSource.WHARF, failure.sentence)]


def _begin(session: Session, deployment_id: str) -> WorkOrder:
    deployment = session.get_one(Deployment, deployment_id)
    if deployment.status is _S.QUEUED:
        application = session.get_one(Application, deployment.application_id)
        deployment.previous_release_id = application.live_release_id
        become(session, deployment, _S.PREPARING)
    return read_order(session, deployment_id)


def _advance(session: Session, deployment_id: str, following: DeploymentStatus, said: str | None) -> WorkOrder:
    deployment = session.get_one(Deployment, deployment_id)
    if following is _S.RETIRING and deployment.release_id:
        application = session.get_one(Application, deployment.application_id)
        application.last_release_id = deployment.release_id
        session.add(application)
        become_release(session, session.get_one(Release, deployment.release_id), ReleaseStatus.LIVE)
    if said is not None:
        append_line(session, deployment_id, said)
    if following is _S.SUCCEEDED:
        append_line(session, deployment_id, "Succeeded.")
    become(session, deployment, following)
    return read_order(session, deployment_id)


def _end(session: Session, deployment_id: str, failure: DeploymentFailed | None) -> None:
    deployment = session.get_one(Deployment, deployment_id)
    if deployment.release_id:
        become_release(session, session.get_one(Release, deployment.release_id), ReleaseStatus.RETIRED)
    append_line(session, deployment_id, _last_line(session, deployment, failure))
    if failure is None:
        become(session, deployment, _S.CANCELLED)
    else:
        fail(session, deployment, failure)


def _last_line(session: Session, deployment: Deployment, failure: DeploymentFailed | None) -> str:
    ended = "Cancelled" if failure is None else "Failed"
    if deployment.previous_release_id is None:
        return f"{ended}; nothing was live before."
    previous = session.get_one(Release, deployment.previous_release_id)
    return f"{ended}; release {previous.number} serves on."


def _all_ready(session: Session, release_id: str, replicas: int) -> bool:
    return sum(row.ready for row in containers_of_release(session, release_id)) >= replicas


def point_to(session: Session, application_id: str, release_id: str | None) -> None:
    """Say which release the routes of an application lead to."""
    application = session.get_one(Application, application_id)
    application.live_release_id = release_id
    session.add(application)
    settle_status(session, application_id)


def _drain_others(session: Session, order: WorkOrder) -> None:
    """Have every release but the new one drain, and say so in the journal."""
    beside = {"application_id": order.application.id, "release_id": order.made.id}
    for release in session.exec(_LIVE_BESIDE, params=beside).all():
        become_release(session, release, ReleaseStatus.DRAINING)
        append_line(session, order.deployment.id, f"Release {release.number} finishes its requests and is retired.")
