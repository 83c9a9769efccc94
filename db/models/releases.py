from datetime import datetime
from enum import Enum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import JSON_COLUMN, id_column, moment_column


class ReleaseStatus(Enum):
    """Where a release is in its life; it only moves forward."""

    NEW = "NEW"
    LIVE = "LIVE"
    DRAINING = "DRAINING"
    RETIRED = "RETIRED"


class Release(SQLModel, table=True):
    """Everything that makes one version of an application run, never changed after it was written.

    `spec` is what `engine.deployments.spec.ReleaseSpec` reads. `origin_id` is the earlier release whose
    spec this one repeats (rollback, restart, start).
    """

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("application_id", "number"),)

    id: str = id_column()
    application_id: str = Field(foreign_key="application.id")
    number: int
    origin_id: str | None = None
    spec: dict[str, Any] = Field(sa_type=JSON_COLUMN)
    status: ReleaseStatus = ReleaseStatus.NEW
    created_at: datetime = moment_column()
    live_at: datetime | None = None
    retired_at: datetime | None = None
