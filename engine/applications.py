"""Applications: made, changed, given variables and volumes, asked to go."""

from collections.abc import Callable, Sequence
from typing import TypedDict

from sqlmodel import Session, select

from db.models import (
    Application,
    DesiredState,
    Domain,
    Environment,
    EventKind,
    PullPolicy,
    RestartPolicy,
    Strategy,
    Volume,
    now,
)
from db.sessions import Sessions
from engine.application_rules import check_application, check_registry
from engine.databases.links import not_linked
from engine.databases.standing import name_free
from engine.deployments.requests import ask_to_stop, standing
from engine.docker.values import RegistryCredentials
from engine.domains.requests import forget_domains
from engine.errors import Conflict, NotFound
from engine.hardening import Capability
from engine.release_spec import HealthCheck
from engine.secret_places import registry_place
from engine.secrets import Cipher
from engine.servers import the_server
from engine.status import record_about, settle_status
from engine.variables import VariableDraft, retire_variables, write_variables
from engine.volumes import VolumeDraft, write_volume

_STORED_OTHERWISE = frozenset({"registry", "health_check", "capabilities"})


class ApplicationFields(TypedDict, total=False):
    """What is wanted of an application. Durations are seconds, sizes bytes, `cpu_limit` cores."""

    name: str
    image: str
    pull_policy: PullPolicy
    registry: RegistryCredentials | None
    command: list[str] | None
    port: int | None
    replicas: int
    strategy: Strategy
    health_check: HealthCheck | None
    cpu_limit: float | None
    memory_limit: int | None
    pids_limit: int
    capabilities: list[Capability] | None
    allow_privilege_escalation: bool
    stop_grace: float
    restart_policy: RestartPolicy


class Applications:
    """What the API may do to applications.

    `wake` has an application looked at, `interrupt` stops the step of a deployment, `cores` says how many cores the
    server has, as far as that is known.
    """

    def __init__(
        self,
        sessions: Sessions,
        cipher: Cipher,
        wake: Callable[[str], None],
        interrupt: Callable[[str], None],
        cores: Callable[[], int | None],
    ) -> None:
        self._sessions = sessions
        self._cipher = cipher
        self._wake = wake
        self._interrupt = interrupt
        self._cores = cores

    async def create(
        self,
        environment_id: str,
        fields: ApplicationFields,
        variables: Sequence[VariableDraft] = (),
        volumes: Sequence[VolumeDraft] = (),
    ) -> Application:
        """An application that nothing has been deployed of. Raises `NotFound`, `NameTaken`, `InvalidInput`."""
        return await self._sessions.write(self._create, environment_id, fields, variables, volumes)

    async def update(self, application_id: str, changes: ApplicationFields) -> Application:
        """Change what the next deployment takes. Raises `NotFound`, `NameTaken`, `InvalidInput`."""
        return await self._sessions.write(self._update, application_id, changes)

    async def remove(self, application_id: str, *, remove_volumes: bool) -> Application:
        """Ask for the application, its domains and, if so said, its volumes to go. Raises `NotFound`."""
        application, interrupted = await self._sessions.write(_ask_to_remove, application_id, remove_volumes)
        for deployment_id in interrupted:
            self._interrupt(deployment_id)
        self._wake(application_id)
        return application

    async def set_variables(self, application_id: str, variables: Sequence[VariableDraft]) -> Application:
        """Give variables a value, for the next deployment. Raises `NotFound`, `InvalidInput`."""
        return await self._sessions.write(self._set_variables, application_id, variables)

    async def remove_variables(self, application_id: str, names: Sequence[str]) -> Application:
        """Raises `NotFound`, for a variable that is not there too."""
        return await self._sessions.write(_remove_variables, application_id, names)

    async def add_volume(self, application_id: str, volume: VolumeDraft) -> Volume:
        """Raises `NotFound`, `NameTaken`, `Conflict` for a mount path in use, `InvalidInput`."""
        return await self._sessions.write(_add_volume, application_id, volume)

    async def remove_volume(self, volume_id: str) -> Application:
        """Forget a volume; what it holds stays on the Docker host. Raises `NotFound`."""
        return await self._sessions.write(_remove_volume, volume_id)

    def _create(
        self,
        session: Session,
        environment_id: str,
        fields: ApplicationFields,
        variables: Sequence[VariableDraft],
        volumes: Sequence[VolumeDraft],
    ) -> Application:
        if session.get(Environment, environment_id) is None:
            raise NotFound("There is no such environment.", field=("input", "environmentId"))
        application = Application(
            environment_id=environment_id,
            server_id=the_server(session).id,
            name=fields["name"],
            image=fields["image"],
        )
        name_free(session, environment_id, fields["name"])
        self._apply(application, fields)
        check_application(application, self._cores())
        session.add(application)
        session.flush()
        write_variables(session, self._cipher, application.id, variables)
        for index, volume in enumerate(volumes):
            write_volume(session, application.id, volume, ("input", "volumes", str(index)))
        record_about(session, EventKind.CREATED, application, data={"name": application.name})
        settle_status(session, application.id)
        return application

    def _update(self, session: Session, application_id: str, changes: ApplicationFields) -> Application:
        application = standing(session, application_id)
        if changes.get("name", application.name) != application.name:
            name_free(session, application.environment_id, changes["name"])
        self._apply(application, changes)
        check_application(application, self._cores())
        _port_needed(session, application)
        _touch(session, application, sorted(changes))
        return application

    def _apply(self, application: Application, fields: ApplicationFields) -> None:
        plain = {name: value for name, value in fields.items() if name not in _STORED_OTHERWISE}
        for name, value in plain.items():
            setattr(application, name, value)
        if "health_check" in fields:
            check = fields["health_check"]
            application.health_check = check.model_dump(mode="json") if check else None
        if "capabilities" in fields:
            wanted = fields["capabilities"]
            application.capabilities = None if wanted is None else [each.value for each in wanted]
        if "registry" in fields:
            self._apply_registry(application, fields["registry"])

    def _apply_registry(self, application: Application, registry: RegistryCredentials | None) -> None:
        if registry:
            check_registry(registry)
        application.registry_username = registry.username if registry else None
        application.registry_password = (
            self._cipher.encrypt(registry.password, registry_place(application.id)) if registry else None
        )

    def _set_variables(
        self, session: Session, application_id: str, variables: Sequence[VariableDraft]
    ) -> Application:
        application = standing(session, application_id)
        not_linked(session, application_id, {each.name for each in variables}, ("input", "variables"))
        write_variables(session, self._cipher, application_id, variables)
        _touch(session, application, ["variables"])
        return application


def _port_needed(session: Session, application: Application) -> None:
    with session.no_autoflush:
        domain = session.exec(select(Domain).where(Domain.application_id == application.id)).first()
    if domain is not None and application.port is None:
        raise Conflict(
            f"{domain.host} leads to a port of {application.name}; remove it first.", field=("input", "port")
        )


def _touch(session: Session, application: Application, changed: list[str]) -> None:
    application.updated_at = now()
    session.add(application)
    record_about(session, EventKind.UPDATED, application, data={"name": application.name, "changed": changed})


def _ask_to_remove(session: Session, application_id: str, remove_volumes: bool) -> tuple[Application, list[str]]:
    application = session.get(Application, application_id)
    if application is None:
        raise NotFound("There is no such application.", field=("input", "applicationId"))
    interrupted = ask_to_stop(session, application)
    # Their names are free for others from now on.
    forget_domains(session, application_id)
    application.desired = DesiredState.REMOVED
    application.remove_volumes = application.remove_volumes or remove_volumes
    session.add(application)
    settle_status(session, application_id)
    return application, interrupted


def _remove_variables(session: Session, application_id: str, names: Sequence[str]) -> Application:
    application = standing(session, application_id)
    not_linked(session, application_id, set(names), ("input", "names"))
    retired = {row.name for row in retire_variables(session, application_id, set(names))}
    if missing := [step for step, name in enumerate(names) if name not in retired]:
        place = ("input", "names", str(missing[0]))
        raise NotFound(f"{application.name} has no variable named {names[missing[0]]}.", field=place)
    _touch(session, application, ["variables"])
    return application


def _add_volume(session: Session, application_id: str, draft: VolumeDraft) -> Volume:
    application = standing(session, application_id)
    volume = write_volume(session, application_id, draft)
    _touch(session, application, ["volumes"])
    return volume


def _remove_volume(session: Session, volume_id: str) -> Application:
    volume = session.get(Volume, volume_id)
    if volume is None:
        raise NotFound("There is no such volume.", field=("input", "volumeId"))
    application = standing(session, volume.application_id)
    session.delete(volume)
    _touch(session, application, ["volumes"])
    return application
