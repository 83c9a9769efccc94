from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.names import ResourceName
from graph import loaders
from graph.ids import Node
from graph.schema.environments import Environment
from graph.schema.loaded import loaded
from graph.schema.rows import View, node_id

if TYPE_CHECKING:
    from graph.schema.teams import Team


@strawberry.type(description="What belongs together, such as everything of one product.")
class Project(View, Node):
    id: strawberry.ID = node_id("Project")
    name: ResourceName = strawberry.field(description="What people call it. No two projects of a team share a name.")
    created_at: datetime = strawberry.field(description="When it was made.")

    team: Annotated["Team", strawberry.lazy("graph.schema.teams")] = loaded(
        "The team it belongs to.", loaders.team_of, "team_id"
    )
    environments: list[Environment] = loaded(
        "Its stages, such as production and staging, by name.", loaders.environments_of, "id"
    )
