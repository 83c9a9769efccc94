from typing import Self

import strawberry

from db import models
from engine.docker.values import ContainerHealth, ContainerState
from graph import loaders
from graph.context import Info
from graph.ids import global_id
from graph.schema.application_enums import ApplicationStatus
from graph.schema.applications import Application
from graph.schema.containers import Container
from graph.schema.events import Event


@strawberry.type(description="An application does something else than before.")
class ApplicationStatusChanged(Event):
    status: ApplicationStatus = strawberry.field(description="What it does from then on.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, status=ApplicationStatus(row.data["status"]))

    @strawberry.field(description="The application as it is now; null once it is gone.")
    async def application(self, info: Info) -> Application | None:
        row = await info.context.load(loaders.application, self.key)
        return Application.of(row) if row else None


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

    @strawberry.field(description="The container as it is now; null once it is gone.")
    async def container(self, info: Info) -> Container | None:
        row = await info.context.load(loaders.container, self.key)
        return Container.of(row) if row else None
