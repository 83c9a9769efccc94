from datetime import datetime

import strawberry

from db import models
from engine.names import ByteCount
from engine.stats import Used
from graph.ids import global_id
from graph.schema.rows import of_row


@strawberry.type
class Usage:
    """Base of what tells what a container uses."""

    at: datetime = strawberry.field(description="The moment.")
    container_id: strawberry.ID = strawberry.field(description="Docker's own id of the container.")
    cpu_cores: float = strawberry.field(description="Cores in use: 1.5 is one and a half.")
    memory_bytes: ByteCount = strawberry.field(description="Memory in use, without what could be given back.")
    memory_limit_bytes: ByteCount = strawberry.field(description="Memory it could have.")
    network_received_bytes: ByteCount = strawberry.field(description="Received over its networks.")
    network_sent_bytes: ByteCount = strawberry.field(description="Sent over its networks.")
    disk_read_bytes: ByteCount = strawberry.field(description="Read from disks.")
    disk_written_bytes: ByteCount = strawberry.field(description="Written to disks.")


@strawberry.type(description="What a container uses at one moment. Bytes of networks and disks count from its start.")
class ContainerStats(Usage):
    replica: int = strawberry.field(description="Which of the containers of its release it is, from 1.")
    release_id: strawberry.ID = strawberry.field(description="The release that it runs.")

    @classmethod
    def of(cls, seen: Used[models.Container]) -> "ContainerStats":
        return of_row(
            cls,
            seen.sample,
            replica=seen.container.replica,
            release_id=global_id("Release", seen.container.release_id),
            container_id=strawberry.ID(seen.container.id),
        )


@strawberry.type(description="What a database uses at one moment. Bytes of networks and disks count from its start.")
class DatabaseStats(Usage):
    @classmethod
    def of(cls, seen: Used[models.DatabaseContainer]) -> "DatabaseStats":
        return of_row(cls, seen.sample, container_id=strawberry.ID(seen.container.id))
