from datetime import datetime

import strawberry

from engine.docker.values import ContainerHealth, ContainerState
from graph import loaders
from graph.enums import described
from graph.schema.loaded import loaded
from graph.schema.releases import Release
from graph.schema.rows import View, made

described(
    ContainerState,
    "What a container does, in Docker's words.",
    CREATED="It was made and has not run yet.",
    RUNNING="It runs.",
    PAUSED="Its processes are frozen.",
    RESTARTING="It ended, and Docker is about to start it again.",
    REMOVING="Docker is removing it.",
    EXITED="It has ended.",
    DEAD="It has ended, and Docker could not remove it.",
)
described(
    ContainerHealth,
    "The verdict of the HEALTHCHECK that an image brings with it.",
    STARTING="There is no verdict yet.",
    HEALTHY="It is well.",
    UNHEALTHY="It is not.",
)


@strawberry.type(description="A container of an application, as Docker last described it.")
class Container(View):
    id: strawberry.ID = strawberry.field(description="Docker's own id of it.")
    name: str = strawberry.field(description="Its name on the Docker host.")
    replica: int = strawberry.field(description="Which of the containers of its release it is, from 1.")
    state: ContainerState = made("What it does.", ContainerState, "state")
    health: ContainerHealth | None = made(
        "The verdict of its image; null: it has none.",
        lambda health: ContainerHealth(health) if health else None,
        "health",
    )
    ready: bool = strawberry.field(description="Whether it runs and has passed the health check.")
    exit_code: int | None = strawberry.field(description="With which code it ended; null: it did not.")
    out_of_memory: bool = strawberry.field(description="Whether it was killed for using too much memory.")
    error: str | None = made("Why Docker could not start it; null: it could.", lambda error: error or None, "error")
    restart_count: int = strawberry.field(description="How often Docker started it again.")
    started_at: datetime | None = strawberry.field(description="When it was last started.")
    finished_at: datetime | None = strawberry.field(description="When it last ended.")
    observed_at: datetime = strawberry.field(description="When Docker said so.")
    release: Release | None = loaded("The release it runs.", loaders.release, "release_id")
