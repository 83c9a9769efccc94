"""What is said of an application: derived from what is wanted and what Docker last told us."""

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select

from db.models import (
    Application,
    ApplicationStatus,
    Container,
    Deployment,
    DesiredState,
    Environment,
    EventKind,
    Release,
    Server,
    ServerState,
)
from engine.events import record
from engine.release_spec import ReleaseSpec

_OF_APPLICATION: BindParameter[str] = bindparam("application_id")
_RUNNING = select(Container.id).where(Container.application_id == _OF_APPLICATION, Container.state == "running")
_UNDER_WAY = select(Deployment.id).where(
    Deployment.application_id == _OF_APPLICATION, col(Deployment.finished_at).is_(None)
)
_OF_RELEASE = select(Container).where(Container.release_id == bindparam("release_id"))


def settle_status(session: Session, application_id: str) -> None:
    """Bring the status of an application up to date, with an event if it changed.

    Belongs at the end of every transaction that touches what the status is made of.
    """
    session.flush()
    if application := session.get(Application, application_id):
        _settle(session, application)


def settle_server(session: Session, server_id: str) -> None:
    """As `settle_status`, for every application of a server."""
    session.flush()
    # What all of them need is read at once; as long as it is held here, `session.get` asks nobody.
    applications = session.exec(select(Application).where(Application.server_id == server_id)).all()
    live = select(Application.live_release_id).where(Application.server_id == server_id)
    releases = session.exec(select(Release).where(col(Release.id).in_(live))).all()
    held = (session.exec(select(Environment)).all(), releases)
    with session.no_autoflush:
        for application in applications:
            _settle(session, application)
    del held


def _settle(session: Session, application: Application) -> None:
    status = derive_status(session, application)
    if status is application.status:
        return
    application.status = status
    session.add(application)
    record_about(session, EventKind.APPLICATION_STATUS, application, data={"status": status.value})


def derive_status(session: Session, application: Application) -> ApplicationStatus:
    """The status that the rows of this moment add up to."""
    server = session.get(Server, application.server_id)
    if server is not None and server.state is ServerState.UNREACHABLE:
        return ApplicationStatus.UNREACHABLE
    match application.desired:
        case DesiredState.REMOVED:
            return ApplicationStatus.REMOVING
        case DesiredState.STOPPED:
            return ApplicationStatus.STOPPING if _any_running(session, application.id) else ApplicationStatus.STOPPED
        case DesiredState.RUNNING:
            return _running_status(session, application)


def _any_running(session: Session, application_id: str) -> bool:
    return session.exec(_RUNNING, params={"application_id": application_id}).first() is not None


def _running_status(session: Session, application: Application) -> ApplicationStatus:
    release = session.get(Release, application.live_release_id) if application.live_release_id else None
    if release is None:
        return ApplicationStatus.DEPLOYING if under_way(session, application.id) else _never_live(application)
    rows = session.exec(_OF_RELEASE, params={"release_id": release.id}).all()
    ready = sum(1 for row in rows if row.ready)
    if ready >= ReleaseSpec.model_validate(release.spec).replicas:
        return ApplicationStatus.RUNNING
    return ApplicationStatus.DEGRADED if ready else ApplicationStatus.FAILING


def _never_live(application: Application) -> ApplicationStatus:
    return ApplicationStatus.FAILING if application.last_release_id else ApplicationStatus.NEW


def under_way(session: Session, application_id: str) -> bool:
    """Whether a deployment of the application is queued or running."""
    return session.exec(_UNDER_WAY, params={"application_id": application_id}).first() is not None


def record_about(
    session: Session,
    kind: EventKind,
    application: Application,
    *,
    noun: str = "Application",
    noun_id: str | None = None,
    deployment_id: str | None = None,
    data: dict[str, object] | None = None,
) -> None:
    """Record an event about an application, or about a part of it."""
    environment = session.get_one(Environment, application.environment_id)
    record(
        session,
        kind,
        noun,
        noun_id or application.id,
        server_id=application.server_id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        application_id=application.id,
        deployment_id=deployment_id,
        data=data,
    )
