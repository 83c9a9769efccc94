from datetime import datetime

import strawberry

from engine.names import EnvName
from engine.secret_places import variable_place
from graph.context import Info
from graph.schema.rows import View, ids_of, made, reads


@strawberry.type(description="A value that the processes of an application find in their environment.")
class EnvironmentVariable(View):
    id: strawberry.ID = made("Names this one value: a new value gets a new id.", ids_of("EnvironmentVariable"), "id")
    name: EnvName = strawberry.field(description="What the processes find it by.")
    secret: bool = strawberry.field(description="Whether its value can never be read again.")
    created_at: datetime = strawberry.field(description="When it was given this value.")

    @strawberry.field(description="The value; null when it is secret.", metadata=reads("id", "secret", "value"))
    def value(self, info: Info) -> str | None:
        if self.secret:
            return None
        return info.context.engine.cipher.decrypt(self._row.value, variable_place(self.key)).reveal()
