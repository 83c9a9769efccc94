import strawberry

from engine.names import ResourceName
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.environments import Environment
from graph.schema.nodes import found

_ID = ("input", "environmentId")


@strawberry.input(description="What createEnvironment needs.")
class CreateEnvironmentInput:
    project_id: strawberry.ID = strawberry.field(description="The project it shall be a stage of.")
    name: ResourceName = strawberry.field(description="What people shall call it, unique in its project.")


@strawberry.type(description="What createEnvironment did.")
class CreateEnvironmentPayload(Payload):
    environment: Environment | None = strawberry.field(default=None, description="The new environment.")


@strawberry.input(description="What updateEnvironment needs.")
class UpdateEnvironmentInput:
    environment_id: strawberry.ID = strawberry.field(description="The environment to change.")
    name: ResourceName = strawberry.field(description="What people shall call it from now on.")


@strawberry.type(description="What updateEnvironment did.")
class UpdateEnvironmentPayload(Payload):
    environment: Environment | None = strawberry.field(default=None, description="The environment as it is now.")


@strawberry.input(description="What removeEnvironment needs.")
class RemoveEnvironmentInput:
    environment_id: strawberry.ID = strawberry.field(description="The environment that shall go.")


@strawberry.type(description="What removeEnvironment did.")
class RemoveEnvironmentPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that it had.")


@strawberry.type
class EnvironmentQueries:
    @query(Action.READ, Noun.ENVIRONMENT, "The environment with this id; null: there is none.")
    async def environment(self, info: Info, id: Id) -> Environment | None:
        return found(info, Environment, id)


@strawberry.type
class EnvironmentMutations:
    @mutation(Action.CREATE, Noun.ENVIRONMENT, "Make an environment, in which nothing runs yet.")
    async def create_environment(self, info: Info, input: Input[CreateEnvironmentInput]) -> CreateEnvironmentPayload:
        project_id = local_id("Project", input.project_id, field=("input", "projectId"))
        row = await info.context.engine.projects.create_environment(project_id, input.name)
        return CreateEnvironmentPayload(environment=Environment.of(row))

    @mutation(Action.UPDATE, Noun.ENVIRONMENT, "Give an environment another name.")
    async def update_environment(self, info: Info, input: Input[UpdateEnvironmentInput]) -> UpdateEnvironmentPayload:
        key = local_id("Environment", input.environment_id, field=_ID)
        row = await info.context.engine.projects.rename_environment(key, input.name)
        return UpdateEnvironmentPayload(environment=Environment.of(row))

    @mutation(Action.REMOVE, Noun.ENVIRONMENT, "Remove an environment, which must have no applications.")
    async def remove_environment(self, info: Info, input: Input[RemoveEnvironmentInput]) -> RemoveEnvironmentPayload:
        key = local_id("Environment", input.environment_id, field=_ID)
        await info.context.engine.projects.remove_environment(key)
        return RemoveEnvironmentPayload(removed_id=input.environment_id)
