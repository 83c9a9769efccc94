from datetime import datetime

import strawberry

from db import models
from engine.names import AddressRange
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.environments import Environment
from graph.schema.loaded import loaded
from graph.schema.permissions import Permission
from graph.schema.projects import Project
from graph.schema.rows import View, made, node_id
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
class ApiToken(View, Node):
    id: strawberry.ID = node_id("ApiToken")
    name: str = strawberry.field(description="What it is for, such as laptop.")
    grant: models.Grant = strawberry.field(description="What kind of token it is.")
    permissions: list[Permission] = made(
        "What it may do; none of them: all that whom it acts for may do.",
        lambda texts: list(map(Permission.of, texts)),
        "permissions",
    )
    networks: list[AddressRange] | None = strawberry.field(
        description="The addresses it may be used from; null: any."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it stops working; null: never.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to about a minute.")
    last_used_from: str = strawberry.field(description="The address it was last used from; empty: it was not.")

    user: User | None = loaded("Whom it acts for; null: nobody but itself.", loaders.user, "user_id")
    team: Team | None = loaded("The only team it may do something in; null: all.", loaders.team, "team_id")
    project: Project | None = loaded(
        "The only project it may do something in; null: all.", loaders.project, "project_id"
    )
    environment: Environment | None = loaded(
        "The only environment it may do something in; null: all.", loaders.environment, "environment_id"
    )
