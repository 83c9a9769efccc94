from datetime import datetime

import strawberry

from db import models
from graph import loaders
from graph.context import Info
from graph.ids import Node, global_id
from graph.schema.projects import Project
from graph.schema.rows import of_row
from graph.schema.teams import Team
from graph.schema.users import User


@strawberry.type(description="A membership that waits for whoever has the address and the link.")
class Invitation(Node):
    team_id: strawberry.Private[str]
    project_ids: strawberry.Private[list[str] | None]
    invited_by: strawberry.Private[str]
    email: str = strawberry.field(description="The only address that it is for.")
    role: models.Role = strawberry.field(description="What they may do once they are in the team.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")

    @classmethod
    def of(cls, row: models.Invitation) -> "Invitation":
        return of_row(cls, row, id=global_id("Invitation", row.id))

    @strawberry.field(description="The team.")
    async def team(self, info: Info) -> Team:
        return Team.of(await info.context.load(loaders.team_of, self.team_id))

    @strawberry.field(description="The only projects in which they may do it; null: in all of the team.")
    async def projects(self, info: Info) -> list[Project] | None:
        if self.project_ids is None:
            return None
        rows = [await info.context.load(loaders.project, key) for key in self.project_ids]
        return [Project.of(row) for row in rows if row is not None]

    @strawberry.field(description="Who has invited them; null: a token, or somebody who is gone.")
    async def inviter(self, info: Info) -> User | None:
        kind, _, key = self.invited_by.partition(":")
        row = await info.context.load(loaders.user, key) if kind == "User" else None
        return User.of(row) if row else None
