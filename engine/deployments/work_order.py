"""What a step of a deployment needs to know, read in one go."""

from dataclasses import dataclass

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from db.models import Application, Container, Deployment, EnvironmentVariable, Release
from engine.deployments.container_spec import Place
from engine.release_spec import ReleaseSpec

_OF_RELEASE = (
    select(Container).where(Container.release_id == bindparam("release_id")).order_by(col(Container.replica))
)
_BESIDE = select(Container).where(
    Container.application_id == bindparam("application_id"), Container.release_id != bindparam("release_id")
)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A deployment with its application, its release once there is one, and the release it takes over from."""

    deployment: Deployment
    application: Application
    release: Release | None
    previous: Release | None

    @property
    def made(self) -> Release:
        """The release, which there is from the end of the first step on."""
        assert self.release is not None, "the release is made while preparing"
        return self.release

    @property
    def spec(self) -> ReleaseSpec:
        return ReleaseSpec.model_validate(self.made.spec)

    @property
    def previous_spec(self) -> ReleaseSpec | None:
        return ReleaseSpec.model_validate(self.previous.spec) if self.previous else None


def place_of(instance_id: str, application: Application, release: Release) -> Place:
    return Place(instance_id, application.environment_id, application.id, application.name, release.id)


def read_order(session: Session, deployment_id: str) -> WorkOrder:
    deployment = session.get_one(Deployment, deployment_id)
    return WorkOrder(
        deployment=deployment,
        application=session.get_one(Application, deployment.application_id),
        release=session.get(Release, deployment.release_id) if deployment.release_id else None,
        previous=session.get(Release, deployment.previous_release_id) if deployment.previous_release_id else None,
    )


def containers_of_release(session: Session, release_id: str) -> list[Container]:
    return list(session.exec(_OF_RELEASE, params={"release_id": release_id}))


def containers_beside(session: Session, application_id: str, release_id: str | None) -> list[Container]:
    """The containers of an application that are not of this release."""
    beside = {"application_id": application_id, "release_id": release_id or ""}
    return list(session.exec(_BESIDE, params=beside))


def variables_of(session: Session, spec: ReleaseSpec) -> list[EnvironmentVariable]:
    wanted = [reference.id for reference in spec.variables]
    return list(session.exec(select(EnvironmentVariable).where(col(EnvironmentVariable.id).in_(wanted))))
