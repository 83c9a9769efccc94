from datetime import datetime

import strawberry

from engine.accounts.authority import INSTALLATION, Action, Noun
from graph import loaders
from graph.context import Info
from graph.ids import Node
from graph.schema.loaded import loaded
from graph.schema.rows import View, node_id, reads
from graph.schema.sessions import UserSession


@strawberry.type(description="Somebody who can sign in.")
class User(View, Node):
    id: strawberry.ID = node_id("User")
    email: str = strawberry.field(description="The address they sign in with.")
    name: str = strawberry.field(description="What they are called.")
    administrator: bool = strawberry.field(
        description="Whether they look after the installation: its users, its teams, its servers."
    )
    created_at: datetime = strawberry.field(description="When they came.")
    last_signed_in_at: datetime | None = strawberry.field(description="When they last signed in.")
    disabled_at: datetime | None = strawberry.field(description="Since when they cannot sign in; null: they can.")

    @strawberry.field(
        description="Whether it takes a code of an app to sign in as them; null for those who may not know.",
        metadata=reads("id", "totp_confirmed_at"),
    )
    def second_factor(self, info: Info) -> bool | None:
        viewer = info.context.viewer
        known = viewer.user_id == self.key or viewer.authority.allows(Action.UPDATE, Noun.USER, INSTALLATION)
        return self._row.totp_confirmed_at is not None if known else None

    sessions: list[UserSession] = loaded(
        "Where they are signed in, the last used first; none for those who may not know.", loaders.sessions_of, "id"
    )
