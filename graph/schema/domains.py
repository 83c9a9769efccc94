from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.names import Hostname, PathPrefix
from graph.context import Info
from graph.ids import Node, global_id
from graph.schema.owners import application_of
from graph.schema.rows import of_row

if TYPE_CHECKING:
    from graph.schema.applications import Application


@strawberry.type(description="A host name, and the part of its paths, whose requests go to an application.")
class Domain(Node):
    application_id: strawberry.Private[str]
    host: Hostname = strawberry.field(description="The host name.")
    path_prefix: PathPrefix = strawberry.field(description="The beginning of the paths it is about; / is all.")
    strip_prefix: bool = strawberry.field(description="Whether the application sees the path without that beginning.")
    problem: str | None = strawberry.field(description="Why the proxy does not serve it; null when it does.")
    created_at: datetime = strawberry.field(description="When it was added.")

    @classmethod
    def of(cls, row: models.Domain) -> "Domain":
        return of_row(cls, row, id=global_id("Domain", row.id), problem=row.problem or None)

    @strawberry.field(description="The application that its requests go to.")
    async def application(self, info: Info) -> Annotated["Application", strawberry.lazy("graph.schema.applications")]:
        return await application_of(info, self.application_id)
