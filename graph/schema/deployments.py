from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from graph import loaders
from graph.enums import described
from graph.ids import Node
from graph.schema.loaded import loaded
from graph.schema.releases import Release
from graph.schema.rows import View, made, node_id

if TYPE_CHECKING:
    from graph.schema.applications import Application

described(
    models.DeploymentKind,
    "Where the release of a deployment comes from.",
    DEPLOY="From the application as it is now.",
    ROLLBACK="From an earlier release, which it repeats.",
    RESTART="From the live release, in new containers.",
    START="From the last live release of an application that was stopped.",
)
described(
    models.DeploymentStatus,
    "The steps of a deployment, in order, and its ends.",
    QUEUED="It waits for the deployment before it.",
    PREPARING="The image is being pulled.",
    STARTING="The new containers are being started.",
    CHECKING="The new containers are being asked whether they are well.",
    ROUTING="The proxy is being told to send requests to the new release.",
    RETIRING="The new release is live; the old one finishes its requests and goes.",
    SUCCEEDED="It is done: the new release is live.",
    FAILED="It was given up, and the old release is live as before. `failure` says why.",
    CANCELLED="Somebody stopped it, and the old release is live as before.",
    SUPERSEDED="A newer deployment took its place in the queue.",
)
described(
    models.FailureReason,
    "Why a deployment failed.",
    IMAGE_NOT_FOUND="The registry has no such image.",
    REGISTRY_DENIED="The registry wants credentials, or other ones.",
    REGISTRY_UNREACHABLE="The registry does not answer.",
    IMAGE_UNUSABLE="The image cannot run here, for example because it is for another kind of processor.",
    START_REFUSED="Docker refused to start a container.",
    EXITED="A container ended before it was well.",
    OUT_OF_MEMORY="A container used more memory than it may.",
    PORT_NOT_LISTENING="Nothing accepted connections on the port.",
    HEALTH_CHECK_FAILED="A container answered its health check wrongly.",
    NOT_ROUTED="The proxy did not take the new route.",
    ENGINE_UNREACHABLE="The Docker engine does not answer.",
    INTERNAL="A mistake of ours; the server's own log has more.",
)


@strawberry.type(description="Why a deployment failed.")
class DeploymentFailure:
    reason: models.FailureReason = strawberry.field(description="What kind of failure it is.")
    message: str = strawberry.field(description="What happened, in a sentence.")
    exit_code: int | None = strawberry.field(description="The exit code of the container that ended, if one did.")
    log_lines: list[str] = strawberry.field(description="The last lines which that container wrote.")

    @classmethod
    def of(
        cls, reason: models.FailureReason | None, message: str, exit_code: int | None, log_lines: list[str]
    ) -> "DeploymentFailure | None":
        if reason is None:
            return None
        return cls(reason=reason, message=message, exit_code=exit_code, log_lines=log_lines)


@strawberry.type(description="One attempt to make a release of an application live.")
class Deployment(View, Node):
    id: strawberry.ID = node_id("Deployment")
    number: int = strawberry.field(description="Counts the deployments of an application, from 1.")
    kind: models.DeploymentKind = strawberry.field(description="Where its release comes from.")
    status: models.DeploymentStatus = strawberry.field(description="How far it is, or how it ended.")
    requested_by: str = strawberry.field(description="The name of the token with which it was asked for.")
    cancel_requested: bool = strawberry.field(description="Whether somebody asked for it to be given up.")
    failure: DeploymentFailure | None = made(
        "Why it failed; null: it did not.",
        DeploymentFailure.of,
        "failure_reason",
        "failure_message",
        "failure_exit_code",
        "failure_log",
    )
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When it left the queue.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null: it goes on.")
    application: Annotated["Application", strawberry.lazy("graph.schema.applications")] = loaded(
        "The application that is deployed.", loaders.application_of, "application_id"
    )
    release: Release | None = loaded(
        "The release it makes live; null until it is prepared.", loaders.release, "release_id"
    )
    previous_release: Release | None = loaded(
        "The release that was live when it began; null: none.", loaders.release, "previous_release_id"
    )
    source_release: Release | None = loaded(
        "The earlier release that it repeats; null for one from the present settings.",
        loaders.release,
        "source_release_id",
    )
