from typing import Annotated

import strawberry

from engine.errors import InvalidInput
from graph import lists, loaders
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id, no_such, page_cursor, page_key
from graph.permissions import Action, Noun
from graph.resolvers.application_inputs import (
    CLEARABLE,
    CreateApplicationInput,
    UpdateApplicationInput,
    all_fields,
    engine_fields,
)
from graph.resolvers.changes import changes
from graph.resolvers.fields import Id, Input, mutation, query
from graph.scalars import Cursor
from graph.schema.applications import Application
from graph.schema.loaded import asked
from graph.schema.nodes import found
from graph.schema.pages import AFTER, FIRST

_ID = ("input", "applicationId")

_WHERE = strawberry.argument(description="Only those of this environment; null: of all.")


@strawberry.type(description="What createApplication did.")
class CreateApplicationPayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The new application.")


@strawberry.type(description="What updateApplication did.")
class UpdateApplicationPayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application as it is now.")


@strawberry.input(description="What removeApplication needs.")
class RemoveApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application that shall go.")
    remove_volumes: bool = strawberry.field(
        default=False, description="Whether everything in its volumes shall be deleted too. There is no way back."
    )
    confirm_name: str | None = strawberry.field(
        default=None, description="The application's name, needed to delete its volumes."
    )


@strawberry.type(description="What removeApplication did. The containers go in the background.")
class RemoveApplicationPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the application.")
    application: Application | None = strawberry.field(
        default=None, description="The application, which is there until its last container is gone."
    )


@strawberry.type
class ApplicationQueries:
    @query(Action.READ, Noun.APPLICATION, "Applications, oldest first.")
    async def applications(
        self,
        info: Info,
        first: Annotated[int, FIRST] = 50,
        after: Annotated[Cursor | None, AFTER] = None,
        environment_id: Annotated[strawberry.ID | None, _WHERE] = None,
    ) -> Connection[Application]:
        where = (
            local_id("Environment", environment_id, field=("environmentId",)) if environment_id is not None else None
        )
        start = page_key("Application", after) if after is not None else None
        columns = asked(info, Application)
        rows = lists.applications.stored(info.context.reader, columns, page_size(first) + 1, start, where)
        return page(
            rows, first, after=after, node=Application.of, cursor=lambda row: page_cursor("Application", row.id)
        )

    @query(Action.READ, Noun.APPLICATION, "The application with this id; null: there is none.")
    async def application(self, info: Info, id: Id) -> Application | None:
        return found(info, Application, id)


@strawberry.type
class ApplicationMutations:
    @mutation(Action.CREATE, Noun.APPLICATION, "Make an application. Nothing of it runs until it is deployed.")
    async def create_application(self, info: Info, input: Input[CreateApplicationInput]) -> CreateApplicationPayload:
        environment_id = local_id("Environment", input.environment_id, field=("input", "environmentId"))
        row = await info.context.engine.applications.create(
            environment_id,
            all_fields(input),
            [variable.draft() for variable in input.variables],
            [volume.draft() for volume in input.volumes],
        )
        return CreateApplicationPayload(application=Application.of(row))

    @mutation(Action.UPDATE, Noun.APPLICATION, "Change an application. What runs stays until the next deployment.")
    async def update_application(self, info: Info, input: Input[UpdateApplicationInput]) -> UpdateApplicationPayload:
        key = local_id("Application", input.application_id, field=_ID)
        wanted = engine_fields(changes(input, CLEARABLE))
        row = await info.context.engine.applications.update(key, wanted)
        return UpdateApplicationPayload(application=Application.of(row))

    @mutation(Action.REMOVE, Noun.APPLICATION, "Remove an application with its containers and domains.")
    async def remove_application(self, info: Info, input: Input[RemoveApplicationInput]) -> RemoveApplicationPayload:
        key = local_id("Application", input.application_id, field=_ID)
        if input.remove_volumes:
            await _check_confirmed(info, key, input)
        row = await info.context.engine.applications.remove(key, remove_volumes=input.remove_volumes)
        return RemoveApplicationPayload(removed_id=input.application_id, application=Application.of(row))


async def _check_confirmed(info: Info, key: str, input: RemoveApplicationInput) -> None:
    row = await info.context.load(loaders.application, key)
    if row is None:
        raise no_such("Application", input.application_id, field=_ID)
    if input.confirm_name != row.name:
        raise InvalidInput(
            f"Give the name of the application, {row.name}, to delete its volumes for good.",
            field=("input", "confirmName"),
        )
