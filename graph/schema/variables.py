from datetime import datetime

import strawberry

from db import models
from engine.names import EnvName
from engine.secret_places import variable_place
from graph.context import Info
from graph.ids import global_id
from graph.schema.rows import of_row


@strawberry.type(description="A value that the processes of an application find in their environment.")
class EnvironmentVariable:
    id: strawberry.ID = strawberry.field(description="Names this one value: a new value gets a new id.")
    key: strawberry.Private[str]
    sealed: strawberry.Private[str]
    name: EnvName = strawberry.field(description="What the processes find it by.")
    secret: bool = strawberry.field(description="Whether its value can never be read again.")
    created_at: datetime = strawberry.field(description="When it was given this value.")

    @classmethod
    def of(cls, row: models.EnvironmentVariable) -> "EnvironmentVariable":
        return of_row(cls, row, id=global_id("EnvironmentVariable", row.id), key=row.id, sealed=row.value)

    @strawberry.field(description="The value; null when it is secret.")
    def value(self, info: Info) -> str | None:
        if self.secret:
            return None
        return info.context.engine.cipher.decrypt(self.sealed, variable_place(self.key)).reveal()
