from datetime import datetime

import strawberry

from db import models
from graph.enums import described
from graph.ids import Node, global_id
from graph.schema.rows import of_row

described(
    models.Grant,
    "What a token may do.",
    OWNER="Everything.",
    SETUP="Only to make the first real token.",
)


@strawberry.type(description="A key to this API. Its text is shown once, when it is made.")
class ApiToken(Node):
    name: str = strawberry.field(description="What it is for, such as laptop.")
    grant: models.Grant = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it stops working; null: never.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to about a minute.")

    @classmethod
    def of(cls, row: models.ApiToken) -> "ApiToken":
        return of_row(cls, row, id=global_id("ApiToken", row.id))
