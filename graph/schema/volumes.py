from datetime import datetime

import strawberry

from db import models
from engine.names import MountPath, ResourceName
from graph.ids import global_id
from graph.schema.rows import of_row


@strawberry.type(description="A directory of an application whose content outlives its containers.")
class Volume:
    id: strawberry.ID = strawberry.field(description="Names this volume in mutations.")
    name: ResourceName = strawberry.field(description="What people call it, unique in its application.")
    mount_path: MountPath = strawberry.field(description="Where the containers find it.")
    read_only: bool = strawberry.field(description="Whether the containers may only read it.")
    created_at: datetime = strawberry.field(description="When it was added.")

    @classmethod
    def of(cls, row: models.Volume) -> "Volume":
        return of_row(cls, row, id=global_id("Volume", row.id))
