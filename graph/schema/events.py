from collections.abc import Callable
from datetime import datetime
from typing import Self, cast

import strawberry

from db import models
from graph.ids import event_cursor, global_id
from graph.scalars import Cursor


@strawberry.interface(
    description="A change of state, told as it was when it happened. Nobody who follows the log after its cursor "
    "misses what came next."
)
class Event:
    key: strawberry.Private[str]
    cursor: Cursor = strawberry.field(description="The place of this event in the log.")
    at: datetime = strawberry.field(description="When it happened.")
    server_id: strawberry.ID | None = strawberry.field(description="The server it is about, if about one.")
    team_id: strawberry.ID | None = strawberry.field(description="The team it belongs to, if to one.")
    project_id: strawberry.ID | None = strawberry.field(description="The project it belongs to, if to one.")
    environment_id: strawberry.ID | None = strawberry.field(description="The environment it belongs to, if to one.")
    application_id: strawberry.ID | None = strawberry.field(description="The application it belongs to, if to one.")
    deployment_id: strawberry.ID | None = strawberry.field(description="The deployment it belongs to, if to one.")
    database_id: strawberry.ID | None = strawberry.field(description="The database it belongs to, if to one.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        raise NotImplementedError

    @classmethod
    def told(cls, row: models.Event, **more: object) -> Self:
        """One with what every event has, and `more`."""
        made = {
            "key": row.noun_id,
            "cursor": event_cursor(cast(int, row.sequence)),
            "at": row.at,
            "server_id": _owner("Server", row.server_id),
            "team_id": _owner("Team", row.team_id),
            "project_id": _owner("Project", row.project_id),
            "environment_id": _owner("Environment", row.environment_id),
            "application_id": _owner("Application", row.application_id),
            "deployment_id": _owner("Deployment", row.deployment_id),
            "database_id": _owner("Database", row.database_id),
        }
        return cast(Callable[..., Self], cls)(**made, **more)


def _owner(kind: str, key: str | None) -> strawberry.ID | None:
    return global_id(kind, key) if key else None
