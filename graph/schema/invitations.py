from datetime import datetime

import strawberry

from db import models
from graph import loaders
from graph.ids import Node
from graph.schema.loaded import loaded, loaded_each
from graph.schema.projects import Project
from graph.schema.rows import View, node_id
from graph.schema.teams import Team
from graph.schema.users import User


def _user_in(principal: str) -> str | None:
    kind, _, key = principal.partition(":")
    return key if kind == "User" else None


@strawberry.type(description="A membership that waits for whoever has the address and the link.")
class Invitation(View, Node):
    id: strawberry.ID = node_id("Invitation")
    email: str = strawberry.field(description="The only address that it is for.")
    role: models.Role = strawberry.field(description="What they may do once they are in the team.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")

    team: Team = loaded("The team.", loaders.team_of, "team_id")
    projects: list[Project] | None = loaded_each(
        "The only projects in which they may do it; null: in all of the team.", loaders.project, "project_ids"
    )
    inviter: User | None = loaded(
        "Who has invited them; null: a token, or somebody who is gone.", loaders.user, "invited_by", _user_in
    )
