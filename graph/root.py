"""The whole API in one schema."""

import strawberry

from graph.build import build_schema
from graph.resolvers.projects import ProjectMutations, ProjectQueries
from graph.schema.events import Event
from graph.schema.messages import EVENT_TYPES


@strawberry.type(description="q")
class Query(ProjectQueries):
    @strawberry.field
    def ev(self) -> Event | None:
        return None


@strawberry.type(description="m")
class Mutation(ProjectMutations):
    pass


schema = build_schema(Query, Mutation, types=EVENT_TYPES)
