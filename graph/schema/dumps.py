from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.databases.dump_files import DIRECTORY
from engine.names import ByteCount, ResourceName
from graph import loaders
from graph.ids import Node
from graph.schema.database_enums import DatabaseKind, DumpStatus, RestoreStatus
from graph.schema.loaded import loaded
from graph.schema.rows import View, made, node_id

if TYPE_CHECKING:
    from graph.schema.databases import Database

_Database = Annotated["Database", strawberry.lazy("graph.schema.databases")]


@strawberry.type(
    description="A copy of all that is in a database, in a file of the data directory. It outlives the database."
)
class DatabaseDump(View, Node):
    id: strawberry.ID = node_id("DatabaseDump")
    name: ResourceName = strawberry.field(description="What people called the database.")
    status: DumpStatus = strawberry.field(description="How far it is, or how it ended.")
    kind: DatabaseKind = strawberry.field(description="Which server it can be read by.")
    version: str = strawberry.field(description="The version of the server that wrote it.")
    database_name: str = strawberry.field(
        description='The database in the server that applications use; "" where the kind has none.'
    )
    size: ByteCount = strawberry.field(description="How long the file is, so far or in all.")
    file: str | None = made(
        "Where the file is in the data directory; null unless the dump is good.",
        lambda file: f"{DIRECTORY}/{file}" if file else None,
        "file",
    )
    sha256: str | None = strawberry.field(description="The SHA-256 of the file; null unless the dump is good.")
    failure: str | None = made(
        "Why it failed, in a sentence; null: it did not.", lambda failure: failure or None, "failure"
    )
    requested_by: str = strawberry.field(description="The name of the token with which it was asked for.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null: it goes on.")

    database: _Database | None = loaded(
        "The database it was made of; null once that is gone.", loaders.database, "database_id"
    )


@strawberry.type(description="A dump that becomes all that is in a database.")
class DatabaseRestore(View, Node):
    id: strawberry.ID = node_id("DatabaseRestore")
    status: RestoreStatus = strawberry.field(description="How far it is, or how it ended.")
    size: ByteCount = strawberry.field(description="How much of the file was read so far.")
    failure: str | None = made(
        "Why it failed, in a sentence; null: it did not.", lambda failure: failure or None, "failure"
    )
    requested_by: str = strawberry.field(description="The name of the token with which it was asked for.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null: it goes on.")

    database: _Database | None = loaded("The database; null once it is gone.", loaders.database, "database_id")
    dump: DatabaseDump | None = loaded("The dump; null once it is gone.", loaders.dump, "dump_id")
