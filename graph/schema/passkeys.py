from datetime import datetime

import strawberry

from db import models
from graph.ids import global_id
from graph.schema.rows import of_row


@strawberry.type(description="A key in a device, with which somebody signs in without a password.")
class Passkey:
    id: strawberry.ID = strawberry.field(description="Unique among all things of all types. Opaque.")
    name: str = strawberry.field(description="What its owner calls it.")
    created_at: datetime = strawberry.field(description="When it was added.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used.")

    @classmethod
    def of(cls, row: models.Passkey) -> "Passkey":
        return of_row(cls, row, id=global_id("Passkey", row.id))
