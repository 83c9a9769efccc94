from typing import Annotated

import strawberry

from engine.accounts.acting import acting
from engine.databases.catalogue import CATALOGUE
from engine.databases.requests import NewDatabase
from engine.errors import InvalidInput
from engine.names import EnvName, Port
from engine.secrets import Secret
from graph import lists, loaders
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id, no_such, page_cursor, page_key
from graph.permissions import Action, Noun
from graph.resolvers.changes import changes
from graph.resolvers.database_inputs import (
    CLEARABLE,
    CreateDatabaseInput,
    UpdateDatabaseInput,
    engine_fields,
    new_fields,
)
from graph.resolvers.fields import Id, Input, mutation, query
from graph.scalars import Cursor
from graph.schema.applications import Application
from graph.schema.databases import Database, DatabaseCredentials, DatabaseKindInfo, DatabaseLink
from graph.schema.loaded import asked
from graph.schema.nodes import found
from graph.schema.pages import AFTER, FIRST

_ID = ("input", "databaseId")

_WHERE = strawberry.argument(description="Only those of this environment; null: of all.")
_DATABASE = strawberry.argument(description="The id of the database.")


@strawberry.type(description="What a mutation of a database did. What it takes is done in the background.")
class DatabasePayload(Payload):
    database: Database | None = strawberry.field(default=None, description="The database as it is now.")


@strawberry.type(description="What createDatabase did.")
class CreateDatabasePayload(DatabasePayload):
    pass


@strawberry.type(description="What updateDatabase did.")
class UpdateDatabasePayload(DatabasePayload):
    pass


@strawberry.input(description="What startDatabase needs.")
class StartDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database to start.")


@strawberry.type(description="What startDatabase did.")
class StartDatabasePayload(DatabasePayload):
    pass


@strawberry.input(description="What stopDatabase needs.")
class StopDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database to shut down.")


@strawberry.type(description="What stopDatabase did.")
class StopDatabasePayload(DatabasePayload):
    pass


@strawberry.input(description="What restartDatabase needs.")
class RestartDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database to shut down and start again.")


@strawberry.type(description="What restartDatabase did.")
class RestartDatabasePayload(DatabasePayload):
    pass


@strawberry.input(description="What rotateDatabasePassword needs.")
class RotateDatabasePasswordInput:
    database_id: strawberry.ID = strawberry.field(description="The database that shall take another password.")
    password: Secret | None = strawberry.field(default=None, description="The new password; null: a random one.")


@strawberry.type(description="What rotateDatabasePassword did. `rotating` is true until the server has taken it.")
class RotateDatabasePasswordPayload(DatabasePayload):
    pass


@strawberry.input(description="What removeDatabase needs.")
class RemoveDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database that shall go.")
    remove_volume: bool = strawberry.field(
        default=False, description="Whether all its data shall be deleted too. There is no way back."
    )
    confirm_name: str | None = strawberry.field(
        default=None, description="The name of the database, needed to delete its data."
    )


@strawberry.type(description="What removeDatabase did. The container goes in the background.")
class RemoveDatabasePayload(DatabasePayload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the database.")


@strawberry.input(description="What linkDatabase needs.")
class LinkDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database.")
    application_id: strawberry.ID = strawberry.field(description="An application of the same environment.")
    variable: EnvName = strawberry.field(
        default=EnvName("DATABASE_URL"), description="The variable that shall hold the connection string."
    )


@strawberry.type(description="What linkDatabase did. The next deployment of the application finds the variable.")
class LinkDatabasePayload(Payload):
    link: DatabaseLink | None = strawberry.field(default=None, description="The link.")


@strawberry.input(description="What unlinkDatabase needs.")
class UnlinkDatabaseInput:
    link_id: strawberry.ID = strawberry.field(description="The link to undo.")


@strawberry.type(description="What unlinkDatabase did. The next deployment of the application lacks the variable.")
class UnlinkDatabasePayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application as it is now.")


@strawberry.type
class DatabaseQueries:
    @query(Action.READ, Noun.DATABASE, "The kinds of databases that can be made.")
    def database_kinds(self) -> list[DatabaseKindInfo]:
        return [
            DatabaseKindInfo(
                kind=kind,
                title=entry.title,
                versions=list(entry.versions),
                default_version=entry.default_version,
                image=entry.repository,
                port=Port(entry.port),
            )
            for kind, entry in CATALOGUE.items()
        ]

    @query(Action.READ, Noun.DATABASE, "Databases, oldest first.")
    async def databases(
        self,
        info: Info,
        first: Annotated[int, FIRST] = 50,
        after: Annotated[Cursor | None, AFTER] = None,
        environment_id: Annotated[strawberry.ID | None, _WHERE] = None,
    ) -> Connection[Database]:
        where = (
            local_id("Environment", environment_id, field=("environmentId",)) if environment_id is not None else None
        )
        start = page_key("Database", after) if after is not None else None
        rows = lists.databases.stored(info.context.reader, asked(info, Database), page_size(first) + 1, start, where)
        return page(rows, first, after=after, node=Database.of, cursor=lambda row: page_cursor("Database", row.id))

    @query(Action.READ, Noun.DATABASE, "The database with this id; null: there is none.")
    async def database(self, info: Info, id: Id) -> Database | None:
        return found(info, Database, id)

    @query(
        Action.REVEAL,
        Noun.DATABASE,
        "How to sign in to a database. That it was read is written down in the event log and the audit log.",
    )
    async def database_credentials(
        self, info: Info, database_id: Annotated[strawberry.ID, _DATABASE]
    ) -> DatabaseCredentials:
        key = local_id("Database", database_id, field=("databaseId",))
        viewer = info.context.viewer
        with acting(viewer, "databaseCredentials"):
            return DatabaseCredentials.of(await info.context.engine.databases.access(key, viewer.name))


@strawberry.type
class DatabaseMutations:
    @mutation(Action.CREATE, Noun.DATABASE, "Make a database, with credentials of its own, and start it.")
    async def create_database(self, info: Info, input: Input[CreateDatabaseInput]) -> CreateDatabasePayload:
        environment_id = local_id("Environment", input.environment_id, field=("input", "environmentId"))
        wanted = NewDatabase(
            environment_id,
            input.name,
            input.kind,
            new_fields(input),
            username=input.username,
            database_name=input.database_name,
            password=input.password,
        )
        return CreateDatabasePayload(database=Database.of(await info.context.engine.databases.create(wanted)))

    @mutation(Action.UPDATE, Noun.DATABASE, "Change a database. It is shut down and started again with the change.")
    async def update_database(self, info: Info, input: Input[UpdateDatabaseInput]) -> UpdateDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        wanted = engine_fields(changes(input, CLEARABLE))
        return UpdateDatabasePayload(database=Database.of(await info.context.engine.databases.update(key, wanted)))

    @mutation(Action.DEPLOY, Noun.DATABASE, "Start a database that was stopped.")
    async def start_database(self, info: Info, input: Input[StartDatabaseInput]) -> StartDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        return StartDatabasePayload(database=Database.of(await info.context.engine.databases.start(key)))

    @mutation(Action.DEPLOY, Noun.DATABASE, "Shut a database down. Its data, credentials and port stay.")
    async def stop_database(self, info: Info, input: Input[StopDatabaseInput]) -> StopDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        return StopDatabasePayload(database=Database.of(await info.context.engine.databases.stop(key)))

    @mutation(Action.DEPLOY, Noun.DATABASE, "Shut a database down and start it again.")
    async def restart_database(self, info: Info, input: Input[RestartDatabaseInput]) -> RestartDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        return RestartDatabasePayload(database=Database.of(await info.context.engine.databases.restart(key)))

    @mutation(
        Action.UPDATE,
        Noun.DATABASE,
        "Give the running server of a database another password. Linked applications are deployed again with it.",
    )
    async def rotate_database_password(
        self, info: Info, input: Input[RotateDatabasePasswordInput]
    ) -> RotateDatabasePasswordPayload:
        key = local_id("Database", input.database_id, field=_ID)
        row = await info.context.engine.databases.rotate_password(key, input.password)
        return RotateDatabasePasswordPayload(database=Database.of(row))

    @mutation(Action.REMOVE, Noun.DATABASE, "Remove a database with its container. Its data stays, unless said.")
    async def remove_database(self, info: Info, input: Input[RemoveDatabaseInput]) -> RemoveDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        if input.remove_volume:
            await check_confirmed(info, input.database_id, input.confirm_name, "to delete its data for good")
        row = await info.context.engine.databases.remove(key, remove_volume=input.remove_volume)
        return RemoveDatabasePayload(removed_id=input.database_id, database=Database.of(row))

    @mutation(
        Action.UPDATE, Noun.APPLICATION, "Put the connection string of a database into a variable of an application."
    )
    async def link_database(self, info: Info, input: Input[LinkDatabaseInput]) -> LinkDatabasePayload:
        key = local_id("Database", input.database_id, field=_ID)
        application_id = local_id("Application", input.application_id, field=("input", "applicationId"))
        row = await info.context.engine.databases.link(key, application_id, input.variable)
        return LinkDatabasePayload(link=DatabaseLink.of(row))

    @mutation(Action.UPDATE, Noun.APPLICATION, "Take the connection string of a database out of an application.")
    async def unlink_database(self, info: Info, input: Input[UnlinkDatabaseInput]) -> UnlinkDatabasePayload:
        key = local_id("DatabaseLink", input.link_id, field=("input", "linkId"))
        return UnlinkDatabasePayload(application=Application.of(await info.context.engine.databases.unlink(key)))


async def check_confirmed(info: Info, given: strawberry.ID, name: str | None, purpose: str) -> None:
    """Raises `NotFound`, and `InvalidInput` unless the name is that of the database."""
    row = await info.context.load(loaders.database, local_id("Database", given, field=_ID))
    if row is None:
        raise no_such("Database", given, field=_ID)
    if name != row.name:
        raise InvalidInput(f"Give the name of the database, {row.name}, {purpose}.", field=("input", "confirmName"))
