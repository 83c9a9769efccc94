"""The first step: get the image, and write down the release that it makes."""

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, func, select

from db.models import (
    Application,
    Deployment,
    DeploymentKind,
    Domain,
    EnvironmentVariable,
    EventKind,
    FailureReason,
    LogSource,
    PullPolicy,
    Release,
    Volume,
)
from db.sessions import Sessions
from engine.databases.links import linked_variables
from engine.deployments.failure import DeploymentFailed
from engine.deployments.journal import Journals, append_line
from engine.deployments.work_order import WorkOrder
from engine.docker.gateway import DockerGateway
from engine.docker.values import ImageFacts, RegistryCredentials
from engine.errors import ImageNotFound, RegistryUnreachable
from engine.hardening import USUAL_CAPABILITIES, Capability
from engine.release_spec import ClaimedDomain, HealthCheck, Mount, ReleaseSpec, VariableReference
from engine.secret_places import registry_place
from engine.secrets import Cipher
from engine.status import record_about

_OWNER: BindParameter[str] = bindparam("application_id")
_LAST_NUMBER = select(func.max(Release.number)).where(Release.application_id == _OWNER)
_VARIABLES = (
    select(EnvironmentVariable)
    .where(EnvironmentVariable.application_id == _OWNER, col(EnvironmentVariable.current))
    .order_by(col(EnvironmentVariable.name))
)
_VOLUMES = select(Volume).where(Volume.application_id == _OWNER).order_by(col(Volume.mount_path))
_DOMAINS = select(Domain).where(Domain.application_id == _OWNER).order_by(col(Domain.host))

_PROGRESS = {"Downloading", "Extracting", "Waiting", "Verifying Checksum", "Download complete"}


class Preparation:
    """Gets images and makes releases."""

    def __init__(self, sessions: Sessions, docker: DockerGateway, cipher: Cipher, journals: Journals) -> None:
        self._sessions = sessions
        self._docker = docker
        self._cipher = cipher
        self._journals = journals

    async def prepare(self, order: WorkOrder) -> None:
        """Make the deployment's release, once: a second call finds it made.

        Raises `ImageFailure` and its kin, and `DeploymentFailed` when an earlier image is lost.
        """
        if order.release is not None:
            return
        if order.deployment.kind is DeploymentKind.DEPLOY:
            await self._new_release(order)
        else:
            await self._repeated_release(order)

    async def _new_release(self, order: WorkOrder) -> None:
        application = order.application
        always = application.pull_policy is PullPolicy.ALWAYS
        image = None if always else await self._present(application.image)
        if image is None:
            await self._pull(order, application.image)
            image = await self._docker.inspect_image(application.image)
        await self._sessions.write(write_release, order.deployment.id, image)

    async def _repeated_release(self, order: WorkOrder) -> None:
        source = await self._sessions.read(_source, order.deployment.id)
        spec = ReleaseSpec.model_validate(source.spec)
        if not await self._present(spec.image_id):
            await self._pull(order, spec.image_digest or spec.image)
            if not await self._present(spec.image_id):
                sentence = f"The image of release {source.number} is neither on the host nor in its registry."
                raise DeploymentFailed(FailureReason.IMAGE_NOT_FOUND, sentence)
        await self._sessions.write(repeat_release, order.deployment.id, source.id)

    async def _present(self, image: str) -> ImageFacts | None:
        try:
            return await self._docker.inspect_image(image)
        except ImageNotFound:
            return None

    async def _pull(self, order: WorkOrder, image: str) -> None:
        deployment_id = order.deployment.id
        await self._journals.say(deployment_id, f"Pulling {image}.")
        try:
            async for progress in self._docker.pull_image(image, self._credentials(order.application)):
                if progress.status not in _PROGRESS:
                    text = f"{progress.layer}: {progress.status}" if progress.layer else progress.status
                    await self._journals.write(deployment_id, (LogSource.REGISTRY, text))
        except (ImageNotFound, RegistryUnreachable) as error:
            if await self._present(image) is None:
                raise
            hint = f"{error.sentence} It is on the host, though: the pull policy IF_NOT_PRESENT uses that."
            raise type(error)(hint) from error

    def _credentials(self, application: Application) -> RegistryCredentials | None:
        if application.registry_username is None or application.registry_password is None:
            return None
        place = registry_place(application.id)
        password = self._cipher.decrypt(application.registry_password, place)
        return RegistryCredentials(application.registry_username, password)


def _source(session: Session, deployment_id: str) -> Release:
    deployment = session.get_one(Deployment, deployment_id)
    return session.get_one(Release, deployment.source_release_id)


def write_release(session: Session, deployment_id: str, image: ImageFacts) -> None:
    """Make a release of what the application is now, and say so in the journal."""
    deployment = session.get_one(Deployment, deployment_id)
    application = session.get_one(Application, deployment.application_id)
    release = _add(session, deployment, current_spec(session, application, image), origin_id=None)
    append_line(session, deployment_id, f"Release {release.number} runs {application.image} ({image.id[:19]}).")


def repeat_release(session: Session, deployment_id: str, source_id: str) -> None:
    """Make a release that is as an earlier one was, but for linked variables, and say so in the journal."""
    deployment = session.get_one(Deployment, deployment_id)
    source = session.get_one(Release, source_id)
    spec = ReleaseSpec.model_validate(source.spec)
    # A password of before opens no database any more.
    followed = linked_variables(session, deployment.application_id)
    variables = tuple(
        VariableReference(name=each.name, id=followed.get(each.name, each.id)) for each in spec.variables
    )
    spec = spec.model_copy(update={"variables": variables})
    release = _add(session, deployment, spec, origin_id=source_id)
    append_line(session, deployment_id, f"Release {release.number} repeats release {source.number}.")


def current_spec(session: Session, application: Application, image: ImageFacts) -> ReleaseSpec:
    """The release that deploying `application` as it is now would make."""
    return ReleaseSpec(
        image=application.image,
        image_id=image.id,
        image_digest=image.repo_digests[0] if image.repo_digests else None,
        command=tuple(application.command) if application.command is not None else None,
        port=application.port,
        replicas=application.replicas,
        strategy=application.strategy,
        variables=_variables(session, application.id),
        mounts=_mounts(session, application.id),
        health_check=HealthCheck.model_validate(application.health_check) if application.health_check else None,
        cpu_limit=application.cpu_limit,
        memory_limit=application.memory_limit,
        pids_limit=application.pids_limit,
        capabilities=_capabilities(application),
        allow_privilege_escalation=application.allow_privilege_escalation,
        stop_grace=application.stop_grace,
        restart_policy=application.restart_policy,
        domains=_domains(session, application.id),
    )


def _capabilities(application: Application) -> tuple[Capability, ...]:
    if application.capabilities is None:
        return USUAL_CAPABILITIES
    return tuple(map(Capability, sorted(application.capabilities)))


def _variables(session: Session, application_id: str) -> tuple[VariableReference, ...]:
    rows = session.exec(_VARIABLES, params={"application_id": application_id})
    return tuple(VariableReference(name=row.name, id=row.id) for row in rows)


def _mounts(session: Session, application_id: str) -> tuple[Mount, ...]:
    rows = session.exec(_VOLUMES, params={"application_id": application_id})
    return tuple(Mount(volume_id=row.id, path=row.mount_path, read_only=row.read_only) for row in rows)


def _domains(session: Session, application_id: str) -> tuple[ClaimedDomain, ...]:
    rows = session.exec(_DOMAINS, params={"application_id": application_id})
    return tuple(ClaimedDomain(host=row.host, path_prefix=row.path_prefix) for row in rows)


def _add(session: Session, deployment: Deployment, spec: ReleaseSpec, origin_id: str | None) -> Release:
    last = session.exec(_LAST_NUMBER, params={"application_id": deployment.application_id}).one()
    release = Release(
        application_id=deployment.application_id,
        number=(last or 0) + 1,
        origin_id=origin_id,
        spec=spec.model_dump(mode="json"),
    )
    session.add(release)
    deployment.release_id = release.id
    session.add(deployment)
    record_about(
        session,
        EventKind.CREATED,
        session.get_one(Application, deployment.application_id),
        noun="Release",
        noun_id=release.id,
        deployment_id=deployment.id,
        data={"number": release.number},
    )
    return release
