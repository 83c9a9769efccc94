from asyncio import gather
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine import release_spec
from engine.names import ByteCount, ImageReference, MountPath, PathPrefix, Port
from engine.release_spec import ReleaseSpec
from graph import loaders
from graph.context import Info
from graph.enums import described
from graph.ids import Node, global_id
from graph.schema.application_enums import Capability, RestartPolicy, Strategy
from graph.schema.health_checks import HealthCheck
from graph.schema.owners import application_of
from graph.schema.rows import of_row
from graph.schema.variables import EnvironmentVariable
from graph.schema.volumes import Volume

if TYPE_CHECKING:
    from graph.schema.applications import Application

described(
    models.ReleaseStatus,
    "Where a release is in its life; it only moves forward.",
    NEW="It was made, and nobody is sent to it yet.",
    LIVE="Requests go to it.",
    DRAINING="Requests go to another release; it finishes those it has.",
    RETIRED="Its containers are gone, or never came to be.",
)


@strawberry.type(description="A volume in its place inside the containers of a release.")
class Mount:
    volume_id: strawberry.Private[str]
    path: MountPath = strawberry.field(description="Where the containers find it.")
    read_only: bool = strawberry.field(description="Whether the containers may only read it.")

    @classmethod
    def of(cls, mount: release_spec.Mount) -> "Mount":
        return of_row(cls, mount)

    @strawberry.field(description="The volume; null once it was removed.")
    async def volume(self, info: Info) -> Volume | None:
        row = await info.context.load(loaders.volume, self.volume_id)
        return Volume.of(row) if row else None


@strawberry.type(description="A domain that the application had when a release was made. For the record only.")
class ReleasedDomain:
    host: str = strawberry.field(description="The host name.")
    path_prefix: PathPrefix = strawberry.field(description="The beginning of the paths it was about.")

    @classmethod
    def of(cls, domain: release_spec.ClaimedDomain) -> "ReleasedDomain":
        return of_row(cls, domain)


@strawberry.type(
    description="Everything that makes one version of an application run. It never changes, so that it can be "
    "run again exactly as it was."
)
class Release(Node):
    application_id: strawberry.Private[str]
    origin_id: strawberry.Private[str | None]
    spec: strawberry.Private[ReleaseSpec]
    number: int = strawberry.field(description="Counts the releases of an application, from 1.")
    status: models.ReleaseStatus = strawberry.field(description="Where it is in its life.")
    created_at: datetime = strawberry.field(description="When it was made.")
    live_at: datetime | None = strawberry.field(description="When requests began to go to it.")
    retired_at: datetime | None = strawberry.field(description="When the last of it was gone.")
    image: ImageReference = strawberry.field(description="The image by the name that was asked for.")
    image_digest: str | None = strawberry.field(
        description="The registry's name of exactly this image, name@sha256:…; null for one never in a registry."
    )
    command: list[str] | None = strawberry.field(description="What is run; null: what the image says.")
    port: Port | None = strawberry.field(description="The port that requests are sent to; null: none.")
    replicas: int = strawberry.field(description="How many containers run side by side.")
    strategy: Strategy = strawberry.field(description="How it took over from the release before.")
    health_check: HealthCheck | None = strawberry.field(
        description="What its containers are asked; null: the port has to accept connections."
    )
    cpu_limit: float | None = strawberry.field(description="Cores that each container may use; null: all.")
    memory_limit: ByteCount | None = strawberry.field(
        description="Memory that each container may use; null: no limit."
    )
    pids_limit: int | None = strawberry.field(
        description="How many processes and threads each container may have at once; null: no limit, in a release of "
        "an older version of Wharfinger."
    )
    capabilities: list[Capability] | None = strawberry.field(
        description="What root may do in its containers; null: all of these, in a release of an older version of "
        "Wharfinger."
    )
    allow_privilege_escalation: bool = strawberry.field(
        description="Whether programs such as `sudo` may give their process more than it has."
    )
    stop_grace_period: timedelta = strawberry.field(
        description="How long a container may take to end by itself before it is killed."
    )
    restart_policy: RestartPolicy = strawberry.field(description="What happens when a container ends.")

    @classmethod
    def of(cls, row: models.Release) -> "Release":
        spec = ReleaseSpec.model_validate(row.spec)
        return of_row(
            cls,
            spec,
            id=global_id("Release", row.id),
            application_id=row.application_id,
            origin_id=row.origin_id,
            spec=spec,
            number=row.number,
            status=row.status,
            created_at=row.created_at,
            live_at=row.live_at,
            retired_at=row.retired_at,
            health_check=HealthCheck.of(spec.health_check) if spec.health_check else None,
            stop_grace_period=timedelta(seconds=spec.stop_grace),
        )

    @strawberry.field(description="The application it is a version of.")
    async def application(self, info: Info) -> Annotated["Application", strawberry.lazy("graph.schema.applications")]:
        return await application_of(info, self.application_id)

    @strawberry.field(description="The earlier release that this one repeats, as a rollback does; null: none.")
    async def origin(self, info: Info) -> "Release | None":
        row = await info.context.load(loaders.release, self.origin_id) if self.origin_id else None
        return Release.of(row) if row else None

    @strawberry.field(description="The values its processes find in their environment, by name.")
    async def variables(self, info: Info) -> list[EnvironmentVariable]:
        rows = await gather(*(info.context.load(loaders.variable, wanted.id) for wanted in self.spec.variables))
        return [EnvironmentVariable.of(row) for row in rows if row]

    @strawberry.field(description="Where its containers find which volume.")
    def mounts(self) -> list[Mount]:
        return [Mount.of(mount) for mount in self.spec.mounts]

    @strawberry.field(description="The domains that the application had when it was made.")
    def domains(self) -> list[ReleasedDomain]:
        return [ReleasedDomain.of(domain) for domain in self.spec.domains]
