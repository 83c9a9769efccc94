from datetime import datetime

import strawberry

from db import models
from graph.ids import Node, global_id
from graph.schema.rows import of_row


@strawberry.type(description="Somebody who can sign in.")
class User(Node):
    key: strawberry.Private[str]
    email: str = strawberry.field(description="The address they sign in with.")
    name: str = strawberry.field(description="What they are called.")
    administrator: bool = strawberry.field(
        description="Whether they look after the installation: its users, its teams, its servers."
    )
    created_at: datetime = strawberry.field(description="When they came.")
    last_signed_in_at: datetime | None = strawberry.field(description="When they last signed in.")
    disabled_at: datetime | None = strawberry.field(description="Since when they cannot sign in; null: they can.")

    @classmethod
    def of(cls, row: models.User) -> "User":
        return of_row(cls, row, id=global_id("User", row.id), key=row.id)
