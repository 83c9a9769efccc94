from datetime import datetime
from enum import Enum

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, text

from db.models.columns import JSON_COLUMN, id_column, moment_column


class DeploymentKind(Enum):
    """Where the release of a deployment comes from."""

    DEPLOY = "DEPLOY"
    ROLLBACK = "ROLLBACK"
    RESTART = "RESTART"
    START = "START"


class DeploymentStatus(Enum):
    """The steps of a deployment, in order, and its ends."""

    QUEUED = "QUEUED"
    PREPARING = "PREPARING"
    STARTING = "STARTING"
    CHECKING = "CHECKING"
    ROUTING = "ROUTING"
    RETIRING = "RETIRING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"


class FailureReason(Enum):
    """Why a deployment failed."""

    IMAGE_NOT_FOUND = "IMAGE_NOT_FOUND"
    REGISTRY_DENIED = "REGISTRY_DENIED"
    REGISTRY_UNREACHABLE = "REGISTRY_UNREACHABLE"
    IMAGE_UNUSABLE = "IMAGE_UNUSABLE"
    START_REFUSED = "START_REFUSED"
    EXITED = "EXITED"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    PORT_NOT_LISTENING = "PORT_NOT_LISTENING"
    HEALTH_CHECK_FAILED = "HEALTH_CHECK_FAILED"
    NOT_ROUTED = "NOT_ROUTED"
    ENGINE_UNREACHABLE = "ENGINE_UNREACHABLE"
    INTERNAL = "INTERNAL"


class Deployment(SQLModel, table=True):
    """One attempt to make a release live."""

    __tablename__ = "deployment"
    __table_args__ = (
        UniqueConstraint("application_id", "number"),
        Index(
            "deployments_under_way",
            "application_id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: str = id_column()
    application_id: str = Field(foreign_key="application.id")
    number: int
    kind: DeploymentKind
    status: DeploymentStatus = DeploymentStatus.QUEUED
    source_release_id: str | None = None
    release_id: str | None = None
    previous_release_id: str | None = None
    requested_by: str = ""
    cancel_requested: bool = False
    failure_reason: FailureReason | None = None
    failure_message: str = ""
    failure_exit_code: int | None = None
    failure_log: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    created_at: datetime = moment_column()
    started_at: datetime | None = None
    finished_at: datetime | None = None


class LogSource(Enum):
    """Who wrote a line of a deployment's log."""

    WHARF = "WHARF"
    REGISTRY = "REGISTRY"
    STDOUT = "STDOUT"
    STDERR = "STDERR"


class DeploymentLogLine(SQLModel, table=True):
    """One line of what happened during a deployment, numbered from 1 without a gap."""

    __tablename__ = "deployment_log_line"

    deployment_id: str = Field(primary_key=True, foreign_key="deployment.id")
    number: int = Field(primary_key=True)
    at: datetime = moment_column()
    source: LogSource = LogSource.WHARF
    text: str
