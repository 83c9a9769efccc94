from datetime import datetime

import strawberry

from db import models
from graph import loaders
from graph.context import Info
from graph.ids import Node
from graph.schema.loaded import loaded
from graph.schema.projects import Project
from graph.schema.rows import View, node_id, reads
from graph.schema.teams import Team, projects_of
from graph.schema.users import User


@strawberry.type(description="A membership that waits for whoever has the address and the link.")
class Invitation(View, Node):
    id: strawberry.ID = node_id("Invitation")
    email: str = strawberry.field(description="The only address that it is for.")
    role: models.Role = strawberry.field(description="What they may do once they are in the team.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")

    team: Team = loaded("The team.", loaders.team_of, "team_id")

    @strawberry.field(
        description="The only projects in which they may do it; null: in all of the team.",
        metadata=reads("project_ids"),
    )
    async def projects(self, info: Info) -> list[Project] | None:
        return await projects_of(info, self._row.project_ids)

    @strawberry.field(
        description="Who has invited them; null: a token, or somebody who is gone.", metadata=reads("invited_by")
    )
    async def inviter(self, info: Info) -> User | None:
        kind, _, key = self._row.invited_by.partition(":")
        row = await info.context.load(loaders.user, key) if kind == "User" else None
        return User.of(row) if row else None
