from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine import release_spec
from engine.names import ByteCount, ImageReference, Port, ResourceName
from graph import loaders
from graph.connections import Connection
from graph.context import Info
from graph.ids import Node
from graph.scalars import Cursor
from graph.schema.application_enums import (
    USUAL,
    ApplicationStatus,
    Capability,
    DesiredState,
    MaintenanceMode,
    PullPolicy,
    RestartPolicy,
    Strategy,
)
from graph.schema.containers import Container
from graph.schema.deployments import Deployment
from graph.schema.domains import Domain
from graph.schema.health_checks import HealthCheck
from graph.schema.loaded import loaded
from graph.schema.pages import AFTER, FIRST, newest
from graph.schema.releases import Release
from graph.schema.rows import View, made, node_id, reads
from graph.schema.servers import Server
from graph.schema.variables import EnvironmentVariable
from graph.schema.volumes import Volume

if TYPE_CHECKING:
    from graph.schema.environments import Environment


@strawberry.type(description="How to sign in at the registry of an image. The password cannot be read.")
class Registry:
    username: str = strawberry.field(description="The name to sign in with.")


@strawberry.type(description="Something that runs from a container image. What is set here is what is deployed next.")
class Application(View, Node):
    id: strawberry.ID = node_id("Application")
    name: ResourceName = strawberry.field(description="What people call it, unique in its environment.")
    image: ImageReference = strawberry.field(description="The container image it runs.")
    pull_policy: PullPolicy = strawberry.field(description="When the registry is asked for the image.")
    registry: Registry | None = made(
        "How to sign in at the registry; null: as nobody.",
        lambda username: None if username is None else Registry(username=username),
        "registry_username",
    )
    command: list[str] | None = strawberry.field(description="What is run; null: what the image says.")
    port: Port | None = strawberry.field(description="The port that requests are sent to; null: none.")
    replicas: int = strawberry.field(description="How many containers run side by side.")
    strategy: Strategy = strawberry.field(description="How a new release takes over.")
    health_check: HealthCheck | None = made(
        "What new containers are asked; null: the port has to accept connections.",
        lambda check: HealthCheck.of(release_spec.HealthCheck.model_validate(check)) if check else None,
        "health_check",
    )
    cpu_limit: float | None = strawberry.field(description="Cores that each container may use; null: all.")
    memory_limit: ByteCount | None = strawberry.field(
        description="Memory that each container may use; null: no limit."
    )
    pids_limit: int = strawberry.field(description="How many processes and threads each container may have at once.")
    capabilities: list[Capability] | None = made(
        f"What root may do in a container; null: {USUAL}.",
        lambda names: None if names is None else [Capability(name) for name in names],
        "capabilities",
    )
    allow_privilege_escalation: bool = strawberry.field(
        description="Whether programs such as `sudo` may give their process more than it has."
    )
    stop_grace_period: timedelta = made(
        "How long a container may take to end by itself before it is killed.",
        lambda seconds: timedelta(seconds=seconds),
        "stop_grace",
    )
    restart_policy: RestartPolicy = strawberry.field(description="What happens when a container ends.")
    maintenance: MaintenanceMode = strawberry.field(description="What its visitors meet while somebody works on it.")
    maintenance_message: str = strawberry.field(description="What the page of the maintenance tells them.")
    desired_state: DesiredState = made("What was asked for.", lambda desired: desired, "desired")
    status: ApplicationStatus = strawberry.field(description="What is.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When what is set here was last changed.")

    environment: Annotated["Environment", strawberry.lazy("graph.schema.environments")] = loaded(
        "The environment it belongs to.", loaders.environment_of, "environment_id"
    )
    server: Server = loaded("The server it runs on.", loaders.server_of, "server_id")
    live_release: Release | None = loaded(
        "The release that requests go to; null: none.", loaders.release, "live_release_id"
    )
    latest_deployment: Deployment | None = loaded(
        "The deployment that was asked for last; null: none yet.", loaders.latest_deployment_of, "id"
    )
    variables: list[EnvironmentVariable] = loaded(
        "The values its processes will find in their environment, by name.", loaders.variables_of, "id"
    )
    volumes: list[Volume] = loaded("The directories that outlive its containers.", loaders.volumes_of, "id")
    domains: list[Domain] = loaded("The host names and paths whose requests go to it.", loaders.domains_of, "id")
    containers: list[Container] = loaded(
        "Its containers, those of a new release beside those of the old.", loaders.containers_of, "id"
    )

    @strawberry.field(description="Its deployments, newest first.", metadata=reads("id"))
    async def deployments(
        self, info: Info, first: Annotated[int, FIRST] = 20, after: Annotated[Cursor | None, AFTER] = None
    ) -> Connection[Deployment]:
        return await newest(info, loaders.deployments_of, self.key, first, after, Deployment)

    @strawberry.field(description="Its releases, newest first.", metadata=reads("id"))
    async def releases(
        self, info: Info, first: Annotated[int, FIRST] = 20, after: Annotated[Cursor | None, AFTER] = None
    ) -> Connection[Release]:
        return await newest(info, loaders.releases_of, self.key, first, after, Release)
