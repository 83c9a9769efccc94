from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.names import ResourceName
from graph import loaders
from graph.context import Info
from graph.ids import Node, global_id
from graph.schema.environments import Environment
from graph.schema.owners import team_of
from graph.schema.rows import of_row

if TYPE_CHECKING:
    from graph.schema.teams import Team


@strawberry.type(description="What belongs together, such as everything of one product.")
class Project(Node):
    key: strawberry.Private[str]
    team_id: strawberry.Private[str]
    name: ResourceName = strawberry.field(description="What people call it. No two projects of a team share a name.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.Project) -> "Project":
        return of_row(cls, row, id=global_id("Project", row.id), key=row.id)

    @strawberry.field(description="The team it belongs to.")
    async def team(self, info: Info) -> Annotated["Team", strawberry.lazy("graph.schema.teams")]:
        return await team_of(info, self.team_id)

    @strawberry.field(description="Its stages, such as production and staging, by name.")
    async def environments(self, info: Info) -> list[Environment]:
        return [Environment.of(row) for row in await info.context.load(loaders.environments_of, self.key)]
