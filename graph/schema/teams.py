from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.names import ResourceName
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.loaded import loaded, loaded_each
from graph.schema.projects import Project
from graph.schema.rows import View, node_id
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
    invitations: list[Annotated["Invitation", strawberry.lazy("graph.schema.invitations")]] = loaded(
        "Who is invited into it and has not come yet; none for those who may not know.", loaders.invitations_of, "id"
    )


@strawberry.type(description="What somebody may do in a team.")
class Membership(View, Node):
    id: strawberry.ID = node_id("Membership")
    role: models.Role = strawberry.field(description="What they may do.")
    created_at: datetime = strawberry.field(description="When they came into the team.")

    user: User = loaded("Who it is.", loaders.user_of, "user_id")
    team: Team = loaded("The team.", loaders.team_of, "team_id")
    projects: list[Project] | None = loaded_each(
        "The only projects in which they may do it; null: in all of the team.", loaders.project, "project_ids"
    )
