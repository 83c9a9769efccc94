from datetime import datetime

import strawberry

from db import models
from engine.docker.values import LogStream
from engine.logs import Written
from graph.enums import described
from graph.ids import global_id
from graph.schema.rows import of_row

described(
    LogStream,
    "Which of its two outputs a process wrote to.",
    STDOUT="The standard output.",
    STDERR="The standard error.",
)
described(
    models.LogSource,
    "Who wrote a line of a deployment's log.",
    WHARF="Wharfinger, about what it did.",
    REGISTRY="The registry, while the image was pulled.",
    STDOUT="A container of the new release, to its standard output.",
    STDERR="A container of the new release, to its standard error.",
)


@strawberry.type(description="A line that a container of an application wrote.")
class LogLine:
    sequence: int = strawberry.field(description="Counts the lines of this subscription, from 1, without a gap.")
    at: datetime = strawberry.field(description="When it was written.")
    stream: LogStream = strawberry.field(description="Which output it was written to.")
    replica: int = strawberry.field(description="Which of the containers of its release wrote it, from 1.")
    release_id: strawberry.ID = strawberry.field(description="The release that the container runs.")
    container_id: strawberry.ID = strawberry.field(description="Docker's own id of the container.")
    text: str = strawberry.field(description="The line, without its end.")

    @classmethod
    def of(cls, sequence: int, written: Written[models.Container]) -> "LogLine":
        return cls(
            sequence=sequence,
            at=written.line.at,
            stream=written.line.stream,
            replica=written.container.replica,
            release_id=global_id("Release", written.container.release_id),
            container_id=strawberry.ID(written.container.id),
            text=written.line.text,
        )


@strawberry.type(description="A line that the server of a database wrote.")
class DatabaseLogLine:
    sequence: int = strawberry.field(description="Counts the lines of this subscription, from 1, without a gap.")
    at: datetime = strawberry.field(description="When it was written.")
    stream: LogStream = strawberry.field(description="Which output it was written to.")
    container_id: strawberry.ID = strawberry.field(description="Docker's own id of the container.")
    text: str = strawberry.field(description="The line, without its end.")

    @classmethod
    def of(cls, sequence: int, written: Written[models.DatabaseContainer]) -> "DatabaseLogLine":
        return of_row(cls, written.line, sequence=sequence, container_id=strawberry.ID(written.container.id))


@strawberry.type(description="A line of what happened during a deployment.")
class DeploymentLogLine:
    number: int = strawberry.field(description="Counts the lines of the deployment, from 1, without a gap.")
    at: datetime = strawberry.field(description="When it was written.")
    source: models.LogSource = strawberry.field(description="Who wrote it.")
    text: str = strawberry.field(description="The line, without its end.")

    @classmethod
    def of(cls, row: models.DeploymentLogLine) -> "DeploymentLogLine":
        return of_row(cls, row)
