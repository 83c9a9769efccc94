import strawberry

from engine.names import ResourceName
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.schema.projects import Project
from graph.subjects import InTeam

_ID = ("input", "projectId")


@strawberry.input(description="What createProject needs.")
class CreateProjectInput(InTeam):
    name: ResourceName = strawberry.field(
        description="What people shall call it. No two projects of a team share a name."
    )


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
    @query(Action.READ, Noun.PROJECT, "All projects, by name.")
    async def projects(self, info: Info) -> list[Project]:
        return listed(info, lists.projects, Project)

    @query(Action.READ, Noun.PROJECT, "The project with this id; null: there is none.")
    async def project(self, info: Info, id: Id) -> Project | None:
        return found(info, Project, id)


@strawberry.type
class ProjectMutations:
    @mutation(Action.CREATE, Noun.PROJECT, "Make a project, which has no environments yet.")
    async def create_project(self, info: Info, input: Input[CreateProjectInput]) -> CreateProjectPayload:
        row = await info.context.engine.projects.create(input.team_key, input.name)
        return CreateProjectPayload(project=Project.of(row))

    @mutation(Action.UPDATE, Noun.PROJECT, "Give a project another name.")
    async def update_project(self, info: Info, input: Input[UpdateProjectInput]) -> UpdateProjectPayload:
        key = local_id("Project", input.project_id, field=_ID)
        return UpdateProjectPayload(project=Project.of(await info.context.engine.projects.rename(key, input.name)))

    @mutation(Action.REMOVE, Noun.PROJECT, "Remove a project, which must have no environments.")
    async def remove_project(self, info: Info, input: Input[RemoveProjectInput]) -> RemoveProjectPayload:
        await info.context.engine.projects.remove(local_id("Project", input.project_id, field=_ID))
        return RemoveProjectPayload(removed_id=input.project_id)
