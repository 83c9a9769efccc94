from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.accounts.invitations import open_now
from engine.names import ResourceName
from graph import loaders
from graph.context import Info
from graph.enums import described
from graph.ids import Node, global_id
from graph.schema.projects import Project
from graph.schema.rows import of_row
from graph.schema.users import User

if TYPE_CHECKING:
    from graph.schema.invitations import Invitation

described(
    models.Role,
    "What a member may do in a team.",
    OWNER="Everything, removing the team included.",
    ADMIN="Everything but removing the team: also members, invitations, tokens, and the audit log.",
    DEVELOPER="Everything with projects and what is in them, secrets included, and making tokens of their own.",
    VIEWER="See everything but secrets, and change nothing.",
)


@strawberry.type(description="People who share projects. Nobody outside of it knows what it has.")
class Team(Node):
    key: strawberry.Private[str]
    name: ResourceName = strawberry.field(description="What people call it. No two teams share a name.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.Team) -> "Team":
        return of_row(cls, row, id=global_id("Team", row.id), key=row.id)

    @strawberry.field(description="Its projects, by name, as far as the viewer may see them.")
    async def projects(self, info: Info) -> list[Project]:
        return [Project.of(row) for row in await info.context.load(loaders.projects_of, self.key)]

    @strawberry.field(description="Who is in it, the first first; none for those who may not know.")
    async def memberships(self, info: Info) -> list["Membership"]:
        return [Membership.of(row) for row in await info.context.load(loaders.memberships_of_team, self.key)]

    @strawberry.field(description="Who is invited into it and has not come yet; none for those who may not know.")
    async def invitations(
        self, info: Info
    ) -> list[Annotated["Invitation", strawberry.lazy("graph.schema.invitations")]]:
        from graph.schema.invitations import Invitation

        rows = await info.context.load(loaders.invitations_of, self.key)
        return [Invitation.of(row) for row in rows if open_now(row)]


@strawberry.type(description="What somebody may do in a team.")
class Membership(Node):
    user_id: strawberry.Private[str]
    team_id: strawberry.Private[str]
    project_ids: strawberry.Private[list[str] | None]
    role: models.Role = strawberry.field(description="What they may do.")
    created_at: datetime = strawberry.field(description="When they came into the team.")

    @classmethod
    def of(cls, row: models.Membership) -> "Membership":
        return of_row(cls, row, id=global_id("Membership", row.id))

    @strawberry.field(description="Who it is.")
    async def user(self, info: Info) -> User:
        return User.of(await info.context.load(loaders.user_of, self.user_id))

    @strawberry.field(description="The team.")
    async def team(self, info: Info) -> Team:
        return Team.of(await info.context.load(loaders.team_of, self.team_id))

    @strawberry.field(description="The only projects in which they may do it; null: in all of the team.")
    async def projects(self, info: Info) -> list[Project] | None:
        if self.project_ids is None:
            return None
        rows = [await info.context.load(loaders.project, key) for key in self.project_ids]
        return [Project.of(row) for row in rows if row is not None]
