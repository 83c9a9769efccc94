import strawberry

from engine.names import EnvName
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.application_inputs import EnvironmentVariableInput
from graph.resolvers.fields import Input, mutation
from graph.schema.applications import Application

_ID = ("input", "applicationId")


@strawberry.input(description="What setEnvironmentVariables needs.")
class SetEnvironmentVariablesInput:
    application_id: strawberry.ID = strawberry.field(description="The application whose processes shall find them.")
    variables: list[EnvironmentVariableInput] = strawberry.field(
        description="The variables to add or to give another value. The others stay as they are."
    )


@strawberry.type(description="What setEnvironmentVariables did.")
class SetEnvironmentVariablesPayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application as it is now.")


@strawberry.input(description="What removeEnvironmentVariables needs.")
class RemoveEnvironmentVariablesInput:
    application_id: strawberry.ID = strawberry.field(description="The application that has them.")
    names: list[EnvName] = strawberry.field(description="The names of the variables that shall go.")


@strawberry.type(description="What removeEnvironmentVariables did.")
class RemoveEnvironmentVariablesPayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application as it is now.")


@strawberry.type
class VariableMutations:
    @mutation(Action.UPDATE, Noun.APPLICATION, "Give environment variables a value, for the next deployment.")
    async def set_environment_variables(
        self, info: Info, input: Input[SetEnvironmentVariablesInput]
    ) -> SetEnvironmentVariablesPayload:
        key = local_id("Application", input.application_id, field=_ID)
        drafts = [variable.draft() for variable in input.variables]
        row = await info.context.engine.applications.set_variables(key, drafts)
        return SetEnvironmentVariablesPayload(application=Application.of(row))

    @mutation(Action.UPDATE, Noun.APPLICATION, "Remove environment variables, from the next deployment on.")
    async def remove_environment_variables(
        self, info: Info, input: Input[RemoveEnvironmentVariablesInput]
    ) -> RemoveEnvironmentVariablesPayload:
        key = local_id("Application", input.application_id, field=_ID)
        row = await info.context.engine.applications.remove_variables(key, input.names)
        return RemoveEnvironmentVariablesPayload(application=Application.of(row))
