from typing import Self

import strawberry

from db import models
from engine.docker.values import ContainerHealth, ContainerState
from graph import loaders
from graph.schema.database_enums import DatabaseProblem, DatabaseStatus
from graph.schema.databases import Database
from graph.schema.events import Event
from graph.schema.loaded import loaded


@strawberry.type(description="A database does something else than before, or fails for another reason.")
class DatabaseStatusChanged(Event):
    status: DatabaseStatus = strawberry.field(description="What it does from then on.")
    problem: DatabaseProblem | None = strawberry.field(description="Why it does not answer; null: unknown.")
    message: str = strawberry.field(description="The same as a sentence; empty: unknown.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        problem = row.data["problem"]
        return cls.told(
            row,
            status=DatabaseStatus(row.data["status"]),
            problem=DatabaseProblem(problem) if problem else None,
            message=row.data["message"],
        )

    database: Database | None = loaded("The database as it is now; null once it is gone.", loaders.database, "key")


@strawberry.type(description="The container of a database is in another state than before.")
class DatabaseContainerChanged(Event):
    container_id: strawberry.ID = strawberry.field(description="Docker's own id of it.")
    name: str = strawberry.field(description="Its name on the Docker host.")
    state: ContainerState | None = strawberry.field(description="What it does from then on; null: it is gone.")
    health: ContainerHealth | None = strawberry.field(description="What its health check says; null: it has none.")
    ready: bool = strawberry.field(description="Whether it runs and has answered since it was started.")
    exit_code: int | None = strawberry.field(description="With which code it ended; null: it did not.")
    out_of_memory: bool = strawberry.field(description="Whether it was killed for using too much memory.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        data = row.data
        return cls.told(
            row,
            container_id=strawberry.ID(row.noun_id),
            name=data["name"],
            state=None if data["state"] == "removed" else ContainerState(data["state"]),
            health=ContainerHealth(data["health"]) if data["health"] else None,
            ready=data["ready"],
            exit_code=data["exitCode"],
            out_of_memory=data["outOfMemory"],
        )


@strawberry.type(description="Somebody has read how to sign in to a database.")
class CredentialsRead(Event):
    by: str = strawberry.field(description="The name of the token that was used.")
    name: str = strawberry.field(description="What people call the database.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, by=row.data["by"], name=row.data["name"])
