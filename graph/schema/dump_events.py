from typing import Self

import strawberry

from db import models
from engine.names import ByteCount
from graph import loaders
from graph.schema.database_enums import DumpStatus, RestoreStatus
from graph.schema.dumps import DatabaseDump, DatabaseRestore
from graph.schema.events import Event
from graph.schema.loaded import loaded


@strawberry.type(description="A dump has come a step further, or a part of one; twice a second at most.")
class DumpStatusChanged(Event):
    name: str = strawberry.field(description="What people call the database.")
    status: DumpStatus = strawberry.field(description="How far it is from then on, or how it ended.")
    size: ByteCount = strawberry.field(description="How long its file is, so far or in all.")
    failure: str | None = strawberry.field(description="Why it failed, in a sentence; null: it did not.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(
            row,
            name=row.data["name"],
            status=DumpStatus(row.data["status"]),
            size=ByteCount(row.data["size"]),
            failure=row.data["failure"] or None,
        )

    dump: DatabaseDump | None = loaded("The dump as it is now; null once it is gone.", loaders.dump, "key")


@strawberry.type(description="A restore has come a step further, or a part of one; twice a second at most.")
class RestoreStatusChanged(Event):
    status: RestoreStatus = strawberry.field(description="How far it is from then on, or how it ended.")
    size: ByteCount = strawberry.field(description="How much of the file of the dump was read so far.")
    failure: str | None = strawberry.field(description="Why it failed, in a sentence; null: it did not.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(
            row,
            status=RestoreStatus(row.data["status"]),
            size=ByteCount(row.data["size"]),
            failure=row.data["failure"] or None,
        )

    restore: DatabaseRestore | None = loaded(
        "The restore as it is now; null once it is gone.", loaders.restore, "key"
    )
