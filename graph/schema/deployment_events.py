from typing import Self

import strawberry

from db import models
from db.models import DeploymentStatus, FailureReason, ReleaseStatus
from graph import loaders
from graph.ids import global_id
from graph.schema.deployments import Deployment
from graph.schema.events import Event
from graph.schema.loaded import loaded
from graph.schema.releases import Release


@strawberry.type(description="A deployment was asked for, has come further, or to its end.")
class DeploymentStatusChanged(Event):
    status: DeploymentStatus = strawberry.field(description="How far it is.")
    number: int = strawberry.field(description="Which of the deployments of its application it is, from 1.")
    failure_reason: FailureReason | None = strawberry.field(description="Why it failed; null: it did not.")
    message: str | None = strawberry.field(description="How it failed, in a sentence; null: it did not.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        reason = row.data.get("reason")
        return cls.told(
            row,
            status=DeploymentStatus(row.data["status"]),
            number=row.data["number"],
            failure_reason=FailureReason(reason) if reason else None,
            message=row.data.get("message"),
        )

    deployment: Deployment | None = loaded(
        "The deployment as it is now; null once its application is gone.", loaders.deployment, "key"
    )


@strawberry.type(description="A release has come further in its life.")
class ReleaseStatusChanged(Event):
    release_id: strawberry.ID = strawberry.field(description="The release.")
    status: ReleaseStatus = strawberry.field(description="Where it is from then on.")
    number: int = strawberry.field(description="Which of the releases of its application it is, from 1.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        status, number = ReleaseStatus(row.data["status"]), row.data["number"]
        return cls.told(row, release_id=global_id("Release", row.noun_id), status=status, number=number)

    release: Release | None = loaded(
        "The release as it is now; null once its application is gone.", loaders.release, "key"
    )
