from datetime import datetime

import strawberry

from engine.names import MountPath, ResourceName
from graph.schema.rows import View, ids_of, made


@strawberry.type(description="A directory of an application whose content outlives its containers.")
class Volume(View):
    id: strawberry.ID = made("Names this volume in mutations.", ids_of("Volume"), "id")
    name: ResourceName = strawberry.field(description="What people call it, unique in its application.")
    mount_path: MountPath = strawberry.field(description="Where the containers find it.")
    read_only: bool = strawberry.field(description="Whether the containers may only read it.")
    created_at: datetime = strawberry.field(description="When it was added.")
