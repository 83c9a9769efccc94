from typing import Self

import strawberry

from db import models
from engine.docker.values import ContainerHealth, ContainerState
from graph import loaders
from graph.ids import global_id
from graph.schema.application_enums import ApplicationStatus
from graph.schema.applications import Application
from graph.schema.containers import Container
from graph.schema.events import Event
from graph.schema.loaded import loaded


@strawberry.type(description="An application does something else than before.")
class ApplicationStatusChanged(Event):
    status: ApplicationStatus = strawberry.field(description="What it does from then on.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, status=ApplicationStatus(row.data["status"]))

    application: Application | None = loaded(
        "The application as it is now; null once it is gone.", loaders.application, "key"
    )


@strawberry.type(description="A container of an application is in another state than before.")
class ContainerStateChanged(Event):
    container_id: strawberry.ID = strawberry.field(description="Docker's own id of it.")
    release_id: strawberry.ID = strawberry.field(description="The release it runs.")
    name: str = strawberry.field(description="Its name on the Docker host.")
    replica: int = strawberry.field(description="Which of the containers of its release it is, from 1.")
    state: ContainerState | None = strawberry.field(description="What it does from then on; null: it is gone.")
    health: ContainerHealth | None = strawberry.field(description="The verdict of its image; null: it has none.")
    ready: bool = strawberry.field(description="Whether it runs and has passed the health check.")
    exit_code: int | None = strawberry.field(description="With which code it ended; null: it did not.")
    out_of_memory: bool = strawberry.field(description="Whether it was killed for using too much memory.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        data = row.data
        return cls.told(
            row,
            container_id=strawberry.ID(row.noun_id),
            release_id=global_id("Release", data["releaseId"]),
            name=data["name"],
            replica=data["replica"],
            state=None if data["state"] == "removed" else ContainerState(data["state"]),
            health=ContainerHealth(data["health"]) if data["health"] else None,
            ready=data["ready"],
            exit_code=data["exitCode"],
            out_of_memory=data["outOfMemory"],
        )

    container: Container | None = loaded(
        "The container as it is now; null once it is gone.", loaders.container, "key"
    )
