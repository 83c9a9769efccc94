from typing import Annotated

import strawberry

from engine.names import ResourceName
from graph import loaders
from graph.context import Info
from graph.errors import ErrorsAsData, Payload
from graph.ids import local_id
from graph.permissions import Action, Needs, Noun
from graph.schema.nodes import found
from graph.schema.projects import Project

_ID = ("input", "projectId")


@strawberry.input(description="What createProject needs.")
class CreateProjectInput:
    name: ResourceName = strawberry.field(description="What people shall call it. No two projects share a name.")


@strawberry.type(description="What createProject did.")
class CreateProjectPayload(Payload):
    project: Project | None = strawberry.field(default=None, description="The new project.")


@strawberry.input(description="What updateProject needs.")
class UpdateProjectInput:
    project_id: strawberry.ID = strawberry.field(description="The project to change.")
    name: ResourceName = strawberry.field(description="What people shall call it from now on.")


@strawberry.type(description="What updateProject did.")
class UpdateProjectPayload(Payload):
    project: Project | None = strawberry.field(default=None, description="The project as it is now.")


@strawberry.input(description="What removeProject needs.")
class RemoveProjectInput:
    project_id: strawberry.ID = strawberry.field(description="The project that shall go.")


@strawberry.type(description="What removeProject did.")
class RemoveProjectPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the project had.")


@strawberry.type
class ProjectQueries:
    @strawberry.field(description="All projects, by name.", extensions=[Needs(Action.READ, Noun.PROJECT)])
    async def projects(self, info: Info) -> list[Project]:
        return [Project.of(row) for row in await info.context.engine.sessions.read(loaders.projects)]

    @strawberry.field(
        description="The project with this id; null: there is none.", extensions=[Needs(Action.READ, Noun.PROJECT)]
    )
    async def project(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The project's id.")]
    ) -> Project | None:
        return await found(info, Noun.PROJECT, loaders.project, Project.of, id)


@strawberry.type
class ProjectMutations:
    @strawberry.mutation(
        description="Make a project, which has no environments yet.",
        extensions=[ErrorsAsData(), Needs(Action.CREATE, Noun.PROJECT)],
    )
    async def create_project(self, info: Info, input: CreateProjectInput) -> CreateProjectPayload:
        return CreateProjectPayload(project=Project.of(await info.context.engine.projects.create(input.name)))

    @strawberry.mutation(
        description="Give a project another name.",
        extensions=[ErrorsAsData(), Needs(Action.UPDATE, Noun.PROJECT)],
    )
    async def update_project(self, info: Info, input: UpdateProjectInput) -> UpdateProjectPayload:
        key = local_id("Project", input.project_id, field=_ID)
        return UpdateProjectPayload(project=Project.of(await info.context.engine.projects.rename(key, input.name)))

    @strawberry.mutation(
        description="Remove a project that has no environments.",
        extensions=[ErrorsAsData(), Needs(Action.REMOVE, Noun.PROJECT)],
    )
    async def remove_project(self, info: Info, input: RemoveProjectInput) -> RemoveProjectPayload:
        await info.context.engine.projects.remove(local_id("Project", input.project_id, field=_ID))
        return RemoveProjectPayload(removed_id=input.project_id)
