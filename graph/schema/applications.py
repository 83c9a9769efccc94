from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine import release_spec
from engine.names import ByteCount, ImageReference, Port, ResourceName
from graph import loaders
from graph.connections import Connection
from graph.context import Info
from graph.ids import Node, global_id
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
from graph.schema.owners import environment_of
from graph.schema.pages import AFTER, FIRST, newest
from graph.schema.releases import Release
from graph.schema.rows import of_row
from graph.schema.servers import Server
from graph.schema.variables import EnvironmentVariable
from graph.schema.volumes import Volume

if TYPE_CHECKING:
    from graph.schema.environments import Environment


@strawberry.type(description="How to sign in at the registry of an image. The password cannot be read.")
class Registry:
    username: str = strawberry.field(description="The name to sign in with.")


@strawberry.type(description="Something that runs from a container image. What is set here is what is deployed next.")
class Application(Node):
    key: strawberry.Private[str]
    environment_id: strawberry.Private[str]
    server_id: strawberry.Private[str]
    live_release_id: strawberry.Private[str | None]
    name: ResourceName = strawberry.field(description="What people call it, unique in its environment.")
    image: ImageReference = strawberry.field(description="The container image it runs.")
    pull_policy: PullPolicy = strawberry.field(description="When the registry is asked for the image.")
    registry: Registry | None = strawberry.field(description="How to sign in at the registry; null: as nobody.")
    command: list[str] | None = strawberry.field(description="What is run; null: what the image says.")
    port: Port | None = strawberry.field(description="The port that requests are sent to; null: none.")
    replicas: int = strawberry.field(description="How many containers run side by side.")
    strategy: Strategy = strawberry.field(description="How a new release takes over.")
    health_check: HealthCheck | None = strawberry.field(
        description="What new containers are asked; null: the port has to accept connections."
    )
    cpu_limit: float | None = strawberry.field(description="Cores that each container may use; null: all.")
    memory_limit: ByteCount | None = strawberry.field(
        description="Memory that each container may use; null: no limit."
    )
    pids_limit: int = strawberry.field(description="How many processes and threads each container may have at once.")
    capabilities: list[Capability] | None = strawberry.field(
        description=f"What root may do in a container; null: {USUAL}."
    )
    allow_privilege_escalation: bool = strawberry.field(
        description="Whether programs such as `sudo` may give their process more than it has."
    )
    stop_grace_period: timedelta = strawberry.field(
        description="How long a container may take to end by itself before it is killed."
    )
    restart_policy: RestartPolicy = strawberry.field(description="What happens when a container ends.")
    maintenance: MaintenanceMode = strawberry.field(description="What its visitors meet while somebody works on it.")
    maintenance_message: str = strawberry.field(description="What the page of the maintenance tells them.")
    desired_state: DesiredState = strawberry.field(description="What was asked for.")
    status: ApplicationStatus = strawberry.field(description="What is.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When what is set here was last changed.")

    @classmethod
    def of(cls, row: models.Application) -> "Application":
        check = row.health_check and release_spec.HealthCheck.model_validate(row.health_check)
        return of_row(
            cls,
            row,
            id=global_id("Application", row.id),
            key=row.id,
            registry=Registry(username=row.registry_username) if row.registry_username is not None else None,
            health_check=HealthCheck.of(check) if check else None,
            capabilities=None if row.capabilities is None else [Capability(each) for each in row.capabilities],
            stop_grace_period=timedelta(seconds=row.stop_grace),
            desired_state=row.desired,
        )

    @strawberry.field(description="The environment it belongs to.")
    async def environment(self, info: Info) -> Annotated["Environment", strawberry.lazy("graph.schema.environments")]:
        return await environment_of(info, self.environment_id)

    @strawberry.field(description="The server it runs on.")
    async def server(self, info: Info) -> Server:
        return Server.of(await info.context.load(loaders.server_of, self.server_id))

    @strawberry.field(description="The release that requests go to; null: none.")
    async def live_release(self, info: Info) -> Release | None:
        if self.live_release_id is None:
            return None
        row = await info.context.load(loaders.release, self.live_release_id)
        return Release.of(row) if row else None

    @strawberry.field(description="The deployment that was asked for last; null: none yet.")
    async def latest_deployment(self, info: Info) -> Deployment | None:
        rows = await info.context.load(loaders.deployments_of, loaders.PageKey(self.key, 0, None))
        return Deployment.of(rows[0]) if rows else None

    @strawberry.field(description="The values its processes will find in their environment, by name.")
    async def variables(self, info: Info) -> list[EnvironmentVariable]:
        return [EnvironmentVariable.of(row) for row in await info.context.load(loaders.variables_of, self.key)]

    @strawberry.field(description="The directories that outlive its containers.")
    async def volumes(self, info: Info) -> list[Volume]:
        return [Volume.of(row) for row in await info.context.load(loaders.volumes_of, self.key)]

    @strawberry.field(description="The host names and paths whose requests go to it.")
    async def domains(self, info: Info) -> list[Domain]:
        return [Domain.of(row) for row in await info.context.load(loaders.domains_of, self.key)]

    @strawberry.field(description="Its containers, those of a new release beside those of the old.")
    async def containers(self, info: Info) -> list[Container]:
        return [Container.of(row) for row in await info.context.load(loaders.containers_of, self.key)]

    @strawberry.field(description="Its deployments, newest first.")
    async def deployments(
        self, info: Info, first: Annotated[int, FIRST] = 20, after: Annotated[Cursor | None, AFTER] = None
    ) -> Connection[Deployment]:
        return await newest(info, loaders.deployments_of, self.key, first, after, Deployment.of)

    @strawberry.field(description="Its releases, newest first.")
    async def releases(
        self, info: Info, first: Annotated[int, FIRST] = 20, after: Annotated[Cursor | None, AFTER] = None
    ) -> Connection[Release]:
        return await newest(info, loaders.releases_of, self.key, first, after, Release.of)
