from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.names import ResourceName
from graph import loaders
from graph.context import Info
from graph.ids import Node, global_id
from graph.schema.applications import Application
from graph.schema.databases import Database
from graph.schema.owners import project_of
from graph.schema.rows import of_row

if TYPE_CHECKING:
    from graph.schema.projects import Project


@strawberry.type(
    description="One stage of a project. Its applications and databases share a private network and reach each "
    "other by name; those of other environments do not."
)
class Environment(Node):
    key: strawberry.Private[str]
    project_id: strawberry.Private[str]
    name: ResourceName = strawberry.field(description="What people call it, unique in its project.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.Environment) -> "Environment":
        return of_row(cls, row, id=global_id("Environment", row.id), key=row.id)

    @strawberry.field(description="The project it is a stage of.")
    async def project(self, info: Info) -> Annotated["Project", strawberry.lazy("graph.schema.projects")]:
        return await project_of(info, self.project_id)

    @strawberry.field(description="Its databases, by name.")
    async def databases(self, info: Info) -> list[Database]:
        return [Database.of(row) for row in await info.context.load(loaders.databases_of, self.key)]

    @strawberry.field(description="The applications that run in it, by name.")
    async def applications(self, info: Info) -> list[Application]:
        return [Application.of(row) for row in await info.context.load(loaders.applications_of, self.key)]
