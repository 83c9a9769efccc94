from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import strawberry

from db import models
from engine import release_spec
from engine.names import ByteCount, ImageReference, MountPath, PathPrefix, Port
from engine.release_spec import ReleaseSpec
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.application_enums import Capability, RestartPolicy, Strategy
from graph.schema.health_checks import HealthCheck
from graph.schema.loaded import loaded, loaded_each
from graph.schema.rows import View, made, node_id, of_row
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

    volume: Volume | None = loaded("The volume; null once it was removed.", loaders.volume, "volume_id")


@strawberry.type(description="A domain that the application had when a release was made. For the record only.")
class ReleasedDomain:
    host: str = strawberry.field(description="The host name.")
    path_prefix: PathPrefix = strawberry.field(description="The beginning of the paths it was about.")

    @classmethod
    def of(cls, domain: release_spec.ClaimedDomain) -> "ReleasedDomain":
        return of_row(cls, domain)


def spec_of(kept: dict[str, Any]) -> ReleaseSpec:
    """What stands in the row of a release."""
    return _read(orjson.dumps(kept))


@lru_cache(1024)
def _read(kept: bytes) -> ReleaseSpec:
    return ReleaseSpec.model_validate(orjson.loads(kept))


def part(description: str, of: Callable[[ReleaseSpec], Any]) -> Any:
    """A field that is a part of the specification of a release."""
    return made(description, lambda kept: of(spec_of(kept)), "spec")


@strawberry.type(
    description="Everything that makes one version of an application run. It never changes, so that it can be "
    "run again exactly as it was."
)
class Release(View, Node):
    id: strawberry.ID = node_id("Release")
    number: int = strawberry.field(description="Counts the releases of an application, from 1.")
    status: models.ReleaseStatus = strawberry.field(description="Where it is in its life.")
    created_at: datetime = strawberry.field(description="When it was made.")
    live_at: datetime | None = strawberry.field(description="When requests began to go to it.")
    retired_at: datetime | None = strawberry.field(description="When the last of it was gone.")
    image: ImageReference = part(
        "The image by the name that was asked for.",
        attrgetter("image"),
    )
    image_digest: str | None = part(
        "The registry's name of exactly this image, name@sha256:…; null for one never in a registry.",
        attrgetter("image_digest"),
    )
    command: list[str] | None = part(
        "What is run; null: what the image says.",
        attrgetter("command"),
    )
    port: Port | None = part(
        "The port that requests are sent to; null: none.",
        attrgetter("port"),
    )
    replicas: int = part(
        "How many containers run side by side.",
        attrgetter("replicas"),
    )
    strategy: Strategy = part(
        "How it took over from the release before.",
        attrgetter("strategy"),
    )
    health_check: HealthCheck | None = part(
        "What its containers are asked; null: the port has to accept connections.",
        lambda spec: HealthCheck.of(spec.health_check) if spec.health_check else None,
    )
    cpu_limit: float | None = part(
        "Cores that each container may use; null: all.",
        attrgetter("cpu_limit"),
    )
    memory_limit: ByteCount | None = part(
        "Memory that each container may use; null: no limit.",
        attrgetter("memory_limit"),
    )
    pids_limit: int | None = part(
        "How many processes and threads each container may have at once; null: no limit, in a release of "
        "an older version of Wharfinger.",
        attrgetter("pids_limit"),
    )
    capabilities: list[Capability] | None = part(
        "What root may do in its containers; null: all of these, in a release of an older version of Wharfinger.",
        attrgetter("capabilities"),
    )
    allow_privilege_escalation: bool = part(
        "Whether programs such as `sudo` may give their process more than it has.",
        attrgetter("allow_privilege_escalation"),
    )
    stop_grace_period: timedelta = part(
        "How long a container may take to end by itself before it is killed.",
        lambda spec: timedelta(seconds=spec.stop_grace),
    )
    restart_policy: RestartPolicy = part(
        "What happens when a container ends.",
        attrgetter("restart_policy"),
    )
    mounts: list[Mount] = part(
        "Where its containers find which volume.", lambda spec: list(map(Mount.of, spec.mounts))
    )
    domains: list[ReleasedDomain] = part(
        "The domains that the application had when it was made.",
        lambda spec: list(map(ReleasedDomain.of, spec.domains)),
    )

    application: Annotated["Application", strawberry.lazy("graph.schema.applications")] = loaded(
        "The application it is a version of.", loaders.application_of, "application_id"
    )
    origin: "Release | None" = loaded(
        "The earlier release that this one repeats, as a rollback does; null: none.", loaders.release, "origin_id"
    )
    variables: list[EnvironmentVariable] = loaded_each(
        "The values its processes find in their environment, by name.",
        loaders.variable,
        "spec",
        lambda kept: [each.id for each in spec_of(kept).variables],
    )
