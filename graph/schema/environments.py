from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.names import ResourceName
from graph import loaders
from graph.ids import Node
from graph.schema.applications import Application
from graph.schema.databases import Database
from graph.schema.loaded import loaded
from graph.schema.rows import View, node_id

if TYPE_CHECKING:
    from graph.schema.projects import Project


@strawberry.type(
    description="One stage of a project. Its applications and databases share a private network and reach each "
    "other by name; those of other environments do not."
)
class Environment(View, Node):
    id: strawberry.ID = node_id("Environment")
    name: ResourceName = strawberry.field(description="What people call it, unique in its project.")
    created_at: datetime = strawberry.field(description="When it was made.")

    project: Annotated["Project", strawberry.lazy("graph.schema.projects")] = loaded(
        "The project it is a stage of.", loaders.project_of, "project_id"
    )
    databases: list[Database] = loaded("Its databases, by name.", loaders.databases_of, "id")
    applications: list[Application] = loaded(
        "The applications that run in it, by name.", loaders.applications_of, "id"
    )
