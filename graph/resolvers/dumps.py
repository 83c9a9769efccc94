from typing import Annotated

import strawberry

from graph import lists
from graph.connections import Connection, page, page_size
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id, page_cursor, page_key
from graph.permissions import Action, Noun
from graph.resolvers.databases import check_confirmed
from graph.resolvers.fields import Id, Input, mutation, query
from graph.scalars import Cursor
from graph.schema.dumps import DatabaseDump, DatabaseRestore
from graph.schema.loaded import asked
from graph.schema.nodes import found
from graph.schema.pages import AFTER, FIRST

_DATABASE = ("input", "databaseId")
_DUMP = ("input", "dumpId")
_WHERE = strawberry.argument(description="Only those of this database, which may be gone; null: of all.")


@strawberry.input(description="What dumpDatabase needs.")
class DumpDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database to dump. It has to run.")


@strawberry.type(description="What dumpDatabase did. The dump is made in the background.")
class DumpDatabasePayload(Payload):
    dump: DatabaseDump | None = strawberry.field(default=None, description="The dump, to be watched.")


@strawberry.input(description="What restoreDatabase needs.")
class RestoreDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database whose data shall be replaced.")
    dump_id: strawberry.ID = strawberry.field(
        description="A good dump of this database, or of another one of its kind with the same database name."
    )
    confirm_name: str = strawberry.field(description="The name of the database, because what it holds now goes.")


@strawberry.type(description="What restoreDatabase did. The database serves on as it is until all is prepared.")
class RestoreDatabasePayload(Payload):
    restore: DatabaseRestore | None = strawberry.field(default=None, description="The restore, to be watched.")


@strawberry.input(description="What removeDump needs.")
class RemoveDumpInput:
    dump_id: strawberry.ID = strawberry.field(description="The dump that shall go.")


@strawberry.type(description="What removeDump did. The file is gone.")
class RemoveDumpPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the dump had.")


@strawberry.type
class DumpQueries:
    @query(Action.READ, Noun.DATABASE_DUMP, "Dumps of databases, newest first.")
    async def dumps(
        self,
        info: Info,
        first: Annotated[int, FIRST] = 50,
        after: Annotated[Cursor | None, AFTER] = None,
        database_id: Annotated[strawberry.ID | None, _WHERE] = None,
    ) -> Connection[DatabaseDump]:
        where = local_id("Database", database_id, field=("databaseId",)) if database_id is not None else None
        before = page_key("DatabaseDump", after) if after is not None else None
        rows = lists.dumps.stored(info.context.reader, asked(info, DatabaseDump), page_size(first) + 1, before, where)
        return page(
            rows,
            first,
            after=after,
            node=DatabaseDump.of,
            cursor=lambda row: page_cursor("DatabaseDump", row.id),
        )

    @query(Action.READ, Noun.DATABASE_DUMP, "The dump with this id; null: there is none.")
    async def dump(self, info: Info, id: Id) -> DatabaseDump | None:
        return found(info, DatabaseDump, id)


@strawberry.type
class DumpMutations:
    @mutation(
        Action.CREATE,
        Noun.DATABASE_DUMP,
        "Copy all that is in a running database into a file, and see that a new server can be made from it.",
    )
    async def dump_database(self, info: Info, input: Input[DumpDatabaseInput]) -> DumpDatabasePayload:
        key = local_id("Database", input.database_id, field=_DATABASE)
        row = await info.context.engine.copies.dump(key, info.context.viewer.name)
        return DumpDatabasePayload(dump=DatabaseDump.of(row))

    @mutation(
        Action.UPDATE,
        Noun.DATABASE,
        "Replace all that is in a database by what is in a dump. Its password, its port and its links stay.",
    )
    async def restore_database(self, info: Info, input: Input[RestoreDatabaseInput]) -> RestoreDatabasePayload:
        key = local_id("Database", input.database_id, field=_DATABASE)
        dump_id = local_id("DatabaseDump", input.dump_id, field=_DUMP)
        await check_confirmed(info, input.database_id, input.confirm_name, "to replace its data")
        row = await info.context.engine.copies.restore(key, dump_id, info.context.viewer.name)
        return RestoreDatabasePayload(restore=DatabaseRestore.of(row))

    @mutation(Action.REMOVE, Noun.DATABASE_DUMP, "Delete a dump and its file.")
    async def remove_dump(self, info: Info, input: Input[RemoveDumpInput]) -> RemoveDumpPayload:
        await info.context.engine.copies.remove(local_id("DatabaseDump", input.dump_id, field=_DUMP))
        return RemoveDumpPayload(removed_id=input.dump_id)
