from asyncio import gather
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.accounts.invitations import open_now
from engine.names import ResourceName
from graph import loaders
from graph.context import Info
from graph.enums import described
from graph.ids import Node
from graph.schema.loaded import loaded
from graph.schema.projects import Project
from graph.schema.rows import View, node_id, reads
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
class Team(View, Node):
    id: strawberry.ID = node_id("Team")
    name: ResourceName = strawberry.field(description="What people call it. No two teams share a name.")
    created_at: datetime = strawberry.field(description="When it was made.")

    projects: list[Project] = loaded(
        "Its projects, by name, as far as the viewer may see them.", loaders.projects_of, "id"
    )
    memberships: list["Membership"] = loaded(
        "Who is in it, the first first; none for those who may not know.", loaders.memberships_of_team, "id"
    )

    @strawberry.field(
        description="Who is invited into it and has not come yet; none for those who may not know.",
        metadata=reads("id"),
    )
    async def invitations(
        self, info: Info
    ) -> list[Annotated["Invitation", strawberry.lazy("graph.schema.invitations")]]:
        from graph.schema.invitations import Invitation

        rows = await info.context.load(loaders.invitations_of, self.key)
        return [Invitation.of(row) for row in rows if open_now(row)]


@strawberry.type(description="What somebody may do in a team.")
class Membership(View, Node):
    id: strawberry.ID = node_id("Membership")
    role: models.Role = strawberry.field(description="What they may do.")
    created_at: datetime = strawberry.field(description="When they came into the team.")

    user: User = loaded("Who it is.", loaders.user_of, "user_id")
    team: Team = loaded("The team.", loaders.team_of, "team_id")

    @strawberry.field(
        description="The only projects in which they may do it; null: in all of the team.",
        metadata=reads("project_ids"),
    )
    async def projects(self, info: Info) -> list[Project] | None:
        return await projects_of(info, self._row.project_ids)


async def projects_of(info: Info, keys: list[str] | None) -> list[Project] | None:
    """Those of these projects that the viewer may see; None: nothing is narrowed down to projects."""
    if keys is None:
        return None
    rows = await gather(*(info.context.load(loaders.project, key) for key in keys))
    return [Project.of(row) for row in rows if row is not None]
