from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.databases.dump_files import DIRECTORY
from engine.names import ByteCount, ResourceName
from graph import loaders
from graph.context import Info
from graph.ids import Node, global_id
from graph.schema.database_enums import DatabaseKind, DumpStatus, RestoreStatus
from graph.schema.rows import of_row

if TYPE_CHECKING:
    from graph.schema.databases import Database

_Database = Annotated["Database", strawberry.lazy("graph.schema.databases")]


@strawberry.type(
    description="A copy of all that is in a database, in a file of the data directory. It outlives the database."
)
class DatabaseDump(Node):
    database_id: strawberry.Private[str]
    name: ResourceName = strawberry.field(description="What people called the database.")
    status: DumpStatus = strawberry.field(description="How far it is, or how it ended.")
    kind: DatabaseKind = strawberry.field(description="Which server it can be read by.")
    version: str = strawberry.field(description="The version of the server that wrote it.")
    database_name: str = strawberry.field(
        description='The database in the server that applications use; "" where the kind has none.'
    )
    size: ByteCount = strawberry.field(description="How long the file is, so far or in all.")
    file: str | None = strawberry.field(
        description="Where the file is in the data directory; null unless the dump is good."
    )
    sha256: str | None = strawberry.field(description="The SHA-256 of the file; null unless the dump is good.")
    failure: str | None = strawberry.field(description="Why it failed, in a sentence; null: it did not.")
    requested_by: str = strawberry.field(description="The name of the token with which it was asked for.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null: it goes on.")

    @classmethod
    def of(cls, row: models.DatabaseDump) -> "DatabaseDump":
        return of_row(
            cls,
            row,
            id=global_id("DatabaseDump", row.id),
            file=f"{DIRECTORY}/{row.file}" if row.file else None,
            failure=row.failure or None,
        )

    @strawberry.field(description="The database it was made of; null once that is gone.")
    async def database(self, info: Info) -> _Database | None:
        return await _database_of(info, self.database_id)


@strawberry.type(description="A dump that becomes all that is in a database.")
class DatabaseRestore(Node):
    database_id: strawberry.Private[str]
    dump_id: strawberry.Private[str]
    status: RestoreStatus = strawberry.field(description="How far it is, or how it ended.")
    size: ByteCount = strawberry.field(description="How much of the file was read so far.")
    failure: str | None = strawberry.field(description="Why it failed, in a sentence; null: it did not.")
    requested_by: str = strawberry.field(description="The name of the token with which it was asked for.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null: it goes on.")

    @classmethod
    def of(cls, row: models.DatabaseRestore) -> "DatabaseRestore":
        return of_row(cls, row, id=global_id("DatabaseRestore", row.id), failure=row.failure or None)

    @strawberry.field(description="The database; null once it is gone.")
    async def database(self, info: Info) -> _Database | None:
        return await _database_of(info, self.database_id)

    @strawberry.field(description="The dump; null once it is gone.")
    async def dump(self, info: Info) -> DatabaseDump | None:
        row = await info.context.load(loaders.dump, self.dump_id)
        return DatabaseDump.of(row) if row else None


async def _database_of(info: Info, key: str) -> "Database | None":
    from graph.schema.databases import Database  # whose file imports this one

    row = await info.context.load(loaders.database, key)
    return Database.of(row) if row else None
