from datetime import datetime

import strawberry

from engine.names import ByteCount
from engine.stats import ReplicaStats
from graph.ids import global_id
from graph.schema.rows import of_row


@strawberry.type(description="What a container uses at one moment. Bytes of networks and disks count from its start.")
class ContainerStats:
    at: datetime = strawberry.field(description="The moment.")
    replica: int = strawberry.field(description="Which of the containers of its release it is, from 1.")
    release_id: strawberry.ID = strawberry.field(description="The release that it runs.")
    container_id: strawberry.ID = strawberry.field(description="Docker's own id of it.")
    cpu_cores: float = strawberry.field(description="Cores in use: 1.5 is one and a half.")
    memory_bytes: ByteCount = strawberry.field(description="Memory in use, without what could be given back.")
    memory_limit_bytes: ByteCount = strawberry.field(description="Memory it could have.")
    network_received_bytes: ByteCount = strawberry.field(description="Received over its networks.")
    network_sent_bytes: ByteCount = strawberry.field(description="Sent over its networks.")
    disk_read_bytes: ByteCount = strawberry.field(description="Read from disks.")
    disk_written_bytes: ByteCount = strawberry.field(description="Written to disks.")

    @classmethod
    def of(cls, seen: ReplicaStats) -> "ContainerStats":
        return of_row(
            cls,
            seen.sample,
            replica=seen.replica,
            release_id=global_id("Release", seen.release_id),
            container_id=strawberry.ID(seen.container_id),
        )
