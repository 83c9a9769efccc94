from datetime import datetime

import strawberry

from db import models
from graph.context import Info
from graph.ids import global_id
from graph.schema.rows import View, node_id, of_row, reads


@strawberry.type(description="A browser that is signed in.")
class UserSession(View):
    id: strawberry.ID = node_id("UserSession")
    address: str = strawberry.field(description="The address it was last used from.")
    user_agent: str = strawberry.field(description="What the browser called itself when it signed in.")
    created_at: datetime = strawberry.field(description="When it signed in, or its user last confirmed who they are.")
    last_used_at: datetime = strawberry.field(description="When it was last used, to about a minute.")
    expires_at: datetime = strawberry.field(description="When it ends, however much it is used.")

    @strawberry.field(description="Whether it is the one that asks.", metadata=reads("id"))
    def current(self, info: Info) -> bool:
        return info.context.viewer.session_id == self.key


@strawberry.type(description="Who somebody is to the provider of single sign-on.")
class Identity:
    id: strawberry.ID = strawberry.field(description="Unique among all things of all types. Opaque.")
    issuer: str = strawberry.field(description="The provider.")
    email: str = strawberry.field(description="The address they have there; empty: not verified.")
    created_at: datetime = strawberry.field(description="When it was linked.")
    last_used_at: datetime | None = strawberry.field(description="When they last signed in by it.")

    @classmethod
    def of(cls, row: models.Identity) -> "Identity":
        return of_row(cls, row, id=global_id("Identity", row.id))
