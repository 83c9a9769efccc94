"""What people say of an application, and how the engine is told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import strawberry

from db.models import DEFAULT_PIDS_LIMIT
from engine.applications import ApplicationFields
from engine.docker.values import RegistryCredentials
from engine.names import ByteCount, EnvName, ImageReference, MountPath, Port, ResourceName
from engine.release_spec import HealthCheck
from engine.secrets import Secret
from engine.variables import VariableDraft
from engine.volumes import VolumeDraft
from graph.schema.application_enums import USUAL, Capability, CheckKind, PullPolicy, RestartPolicy, Strategy


@strawberry.input(description="How to sign in at the registry of an image.")
class RegistryInput:
    username: str = strawberry.field(description="The name to sign in with.")
    password: Secret = strawberry.field(description="The password or access token. It can never be read again.")


@strawberry.input(description="The question put to each new container, before any request is sent to it.")
class HealthCheckInput:
    kind: CheckKind = strawberry.field(description="How it is asked.")
    path: str = strawberry.field(default="/", description="HTTP: the path that is asked for.")
    port: Port | None = strawberry.field(
        default=None, description="The port that is asked; null: that of the application."
    )
    status_from: int = strawberry.field(default=200, description="HTTP: the lowest status that is well.")
    status_to: int = strawberry.field(default=399, description="HTTP: the highest status that is well.")
    command: list[str] = strawberry.field(
        default_factory=list, description="COMMAND: the program and its arguments, which no shell sees."
    )
    interval: timedelta = strawberry.field(
        default=timedelta(seconds=1), description="How long to wait between two questions."
    )
    timeout: timedelta = strawberry.field(default=timedelta(seconds=5), description="How long an answer may take.")
    retries: int = strawberry.field(default=3, description="After how many wrong answers in a row it is given up.")
    start_period: timedelta = strawberry.field(
        default=timedelta(seconds=30), description="How long wrong answers do not count, after its start."
    )


@strawberry.input(description="A value that the processes of an application shall find in their environment.")
class EnvironmentVariableInput:
    name: EnvName = strawberry.field(description="What the processes find it by.")
    value: Secret = strawberry.field(description="The value.")
    secret: bool | None = strawberry.field(
        default=None, description="Whether nobody may ever read it again; null: as it was, and else no."
    )

    def draft(self) -> VariableDraft:
        return VariableDraft(self.name, self.value, self.secret)


@strawberry.input(description="A directory of an application whose content shall outlive its containers.")
class VolumeInput:
    name: ResourceName = strawberry.field(description="What people shall call it, unique in its application.")
    mount_path: MountPath = strawberry.field(description="Where the containers find it.")
    read_only: bool = strawberry.field(default=False, description="Whether the containers may only read it.")

    def draft(self) -> VolumeDraft:
        return VolumeDraft(self.name, self.mount_path, self.read_only)


@strawberry.input(description="What createApplication needs. All but three fields may be left out.")
class CreateApplicationInput:
    environment_id: strawberry.ID = strawberry.field(description="The environment it shall run in.")
    name: ResourceName = strawberry.field(description="What people shall call it, unique in its environment.")
    image: ImageReference = strawberry.field(description="The container image it shall run.")
    pull_policy: PullPolicy = strawberry.field(
        default=PullPolicy.ALWAYS, description="When the registry is asked for the image."
    )
    registry: RegistryInput | None = strawberry.field(
        default=None, description="How to sign in at the registry; null: as nobody."
    )
    command: list[str] | None = strawberry.field(
        default=None, description="The program to run and its arguments; null: what the image says."
    )
    port: Port | None = strawberry.field(
        default=None, description="The port that it listens on; null: no requests are sent to it."
    )
    replicas: int = strawberry.field(default=1, description="How many containers run side by side, at most 20.")
    strategy: Strategy = strawberry.field(
        default=Strategy.ROLLING, description="How a new release takes over from the old one."
    )
    health_check: HealthCheckInput | None = strawberry.field(
        default=None, description="What new containers are asked; null: the port has to accept connections."
    )
    cpu_limit: float | None = strawberry.field(
        default=None, description="Cores that each container may use, such as 0.5; null: all."
    )
    memory_limit: ByteCount | None = strawberry.field(
        default=None, description="Memory that each container may use; null: no limit."
    )
    pids_limit: int = strawberry.field(
        default=DEFAULT_PIDS_LIMIT,
        description="How many processes and threads each container may have at once, at least 16.",
    )
    capabilities: list[Capability] | None = strawberry.field(
        default=None,
        description=f"What root may do in a container; null: {USUAL}.",
    )
    allow_privilege_escalation: bool = strawberry.field(
        default=False, description="Whether programs such as `sudo` may give their process more than it has."
    )
    stop_grace_period: timedelta = strawberry.field(
        default=timedelta(seconds=10),
        description="How long a container may take to end by itself before it is killed.",
    )
    restart_policy: RestartPolicy = strawberry.field(
        default=RestartPolicy.UNLESS_STOPPED, description="What happens when a container ends by itself."
    )
    variables: list[EnvironmentVariableInput] = strawberry.field(
        default_factory=list, description="The values its processes find in their environment."
    )
    volumes: list[VolumeInput] = strawberry.field(
        default_factory=list, description="The directories that outlive its containers."
    )


@strawberry.input(
    description="What updateApplication needs. What is left out stays as it is; null clears what may be empty."
)
class UpdateApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application to change.")
    name: strawberry.Maybe[ResourceName | None] = strawberry.field(
        description="What people shall call it, unique in its environment."
    )
    image: strawberry.Maybe[ImageReference | None] = strawberry.field(description="The container image it shall run.")
    pull_policy: strawberry.Maybe[PullPolicy | None] = strawberry.field(
        description="When the registry is asked for the image."
    )
    registry: strawberry.Maybe[RegistryInput | None] = strawberry.field(
        description="How to sign in at the registry; null: as nobody."
    )
    command: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="The program to run and its arguments; null: what the image says."
    )
    port: strawberry.Maybe[Port | None] = strawberry.field(
        description="The port that it listens on; null: no requests are sent to it."
    )
    replicas: strawberry.Maybe[int | None] = strawberry.field(
        description="How many containers run side by side, at most 20."
    )
    strategy: strawberry.Maybe[Strategy | None] = strawberry.field(
        description="How a new release takes over from the old one."
    )
    health_check: strawberry.Maybe[HealthCheckInput | None] = strawberry.field(
        description="What new containers are asked, replaced whole; null: the port has to accept connections."
    )
    cpu_limit: strawberry.Maybe[float | None] = strawberry.field(
        description="Cores that each container may use, such as 0.5; null: all."
    )
    memory_limit: strawberry.Maybe[ByteCount | None] = strawberry.field(
        description="Memory that each container may use; null: no limit."
    )
    pids_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How many processes and threads each container may have at once, at least 16."
    )
    capabilities: strawberry.Maybe[list[Capability] | None] = strawberry.field(
        description=f"What root may do in a container, replaced whole; null: {USUAL}."
    )
    allow_privilege_escalation: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether programs such as `sudo` may give their process more than it has."
    )
    stop_grace_period: strawberry.Maybe[timedelta | None] = strawberry.field(
        description="How long a container may take to end by itself before it is killed."
    )
    restart_policy: strawberry.Maybe[RestartPolicy | None] = strawberry.field(
        description="What happens when a container ends by itself."
    )


CLEARABLE = frozenset({"registry", "command", "port", "health_check", "cpu_limit", "memory_limit", "capabilities"})
_NOT_FIELDS = frozenset({"environment_id", "variables", "volumes"})


def all_fields(input: CreateApplicationInput) -> ApplicationFields:
    """What the engine is told of a new application."""
    return engine_fields({name: value for name, value in vars(input).items() if name not in _NOT_FIELDS})


def engine_fields(given: Mapping[str, Any]) -> ApplicationFields:
    """The fields of an input by the names, and with the values, that the engine knows."""
    told = dict(given)
    if "stop_grace_period" in told:
        told["stop_grace"] = told.pop("stop_grace_period").total_seconds()
    if registry := told.get("registry"):
        told["registry"] = RegistryCredentials(registry.username, registry.password)
    if check := told.get("health_check"):
        told["health_check"] = HealthCheck(**vars(check) | {"command": tuple(check.command)})
    return cast(ApplicationFields, told)
