from datetime import timedelta

import strawberry

from engine import release_spec
from engine.names import Port
from graph.schema.application_enums import CheckKind
from graph.schema.rows import of_row


@strawberry.type(description="The question put to each new container, before any request is sent to it.")
class HealthCheck:
    kind: CheckKind = strawberry.field(description="How it is asked.")
    path: str = strawberry.field(description="HTTP: the path that is asked for.")
    port: Port | None = strawberry.field(description="The port that is asked; null: that of the application.")
    status_from: int = strawberry.field(description="HTTP: the lowest status that is well.")
    status_to: int = strawberry.field(description="HTTP: the highest status that is well.")
    command: list[str] = strawberry.field(description="COMMAND: the program and its arguments.")
    interval: timedelta = strawberry.field(description="How long to wait between two questions.")
    timeout: timedelta = strawberry.field(description="How long an answer may take.")
    retries: int = strawberry.field(description="After how many wrong answers in a row it is given up.")
    start_period: timedelta = strawberry.field(description="How long wrong answers do not count, after its start.")

    @classmethod
    def of(cls, check: release_spec.HealthCheck) -> "HealthCheck":
        return of_row(cls, check, command=list(check.command))
