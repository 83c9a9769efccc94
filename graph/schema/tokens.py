from datetime import datetime

import strawberry

from db import models
from engine.names import AddressRange
from graph import loaders
from graph.context import Info
from graph.enums import described
from graph.ids import Node, global_id
from graph.schema.environments import Environment
from graph.schema.permissions import Permission
from graph.schema.projects import Project
from graph.schema.rows import of_row
from graph.schema.teams import Team
from graph.schema.users import User

described(
    models.Grant,
    "What kind of token it is.",
    OWNER="It may do everything, everywhere.",
    SETUP="It may only make whoever comes first: the owner, or the first real token.",
    LIMITED="It may do what its permissions say, where they say it, and no more than whom it acts for.",
)


@strawberry.type(description="A key to this API. Its text is shown once, when it is made.")
class ApiToken(Node):
    user_id: strawberry.Private[str | None]
    team_id: strawberry.Private[str | None]
    project_id: strawberry.Private[str | None]
    environment_id: strawberry.Private[str | None]
    name: str = strawberry.field(description="What it is for, such as laptop.")
    grant: models.Grant = strawberry.field(description="What kind of token it is.")
    permissions: list[Permission] = strawberry.field(
        description="What it may do; none of them: all that whom it acts for may do."
    )
    networks: list[AddressRange] | None = strawberry.field(
        description="The addresses it may be used from; null: any."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it stops working; null: never.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to about a minute.")
    last_used_from: str = strawberry.field(description="The address it was last used from; empty: it was not.")

    @classmethod
    def of(cls, row: models.ApiToken) -> "ApiToken":
        permissions = [Permission.of(text) for text in row.permissions]
        return of_row(cls, row, id=global_id("ApiToken", row.id), permissions=permissions)

    @strawberry.field(description="Whom it acts for; null: nobody but itself.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.load(loaders.user, self.user_id) if self.user_id else None
        return User.of(row) if row else None

    @strawberry.field(description="The only team it may do something in; null: all.")
    async def team(self, info: Info) -> Team | None:
        row = await info.context.load(loaders.team, self.team_id) if self.team_id else None
        return Team.of(row) if row else None

    @strawberry.field(description="The only project it may do something in; null: all.")
    async def project(self, info: Info) -> Project | None:
        row = await info.context.load(loaders.project, self.project_id) if self.project_id else None
        return Project.of(row) if row else None

    @strawberry.field(description="The only environment it may do something in; null: all.")
    async def environment(self, info: Info) -> Environment | None:
        row = await info.context.load(loaders.environment, self.environment_id) if self.environment_id else None
        return Environment.of(row) if row else None
