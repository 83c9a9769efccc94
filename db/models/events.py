from datetime import datetime
from enum import Enum
from typing import Any

from sqlmodel import Field, Index, SQLModel

from db.models.columns import JSON_COLUMN, moment_column


class EventKind(Enum):
    """What an event tells."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    REMOVED = "REMOVED"
    APPLICATION_STATUS = "APPLICATION_STATUS"
    CONTAINER_STATE = "CONTAINER_STATE"
    DEPLOYMENT_STATUS = "DEPLOYMENT_STATUS"
    RELEASE_STATUS = "RELEASE_STATUS"
    DOMAIN_STATE = "DOMAIN_STATE"
    SERVER_STATE = "SERVER_STATE"
    PROXY_STATE = "PROXY_STATE"
    DATABASE_STATUS = "DATABASE_STATUS"
    DATABASE_CONTAINER = "DATABASE_CONTAINER"
    DUMP_STATUS = "DUMP_STATUS"
    RESTORE_STATUS = "RESTORE_STATUS"
    TCP_PROXY_STATE = "TCP_PROXY_STATE"
    CREDENTIALS_READ = "CREDENTIALS_READ"
    CERTIFICATE_STATE = "CERTIFICATE_STATE"
    CERTIFICATE_EXPIRY = "CERTIFICATE_EXPIRY"


class Event(SQLModel, table=True):
    """One change of state, written in the transaction that made it.

    `noun` and `noun_id` name what changed; the other ids name what it belongs to. `data` is small and
    holds no secret.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("events_of_application", "application_id", "sequence"),
        Index("events_of_deployment", "deployment_id", "sequence"),
        Index("events_of_database", "database_id", "sequence"),
        {"sqlite_autoincrement": True},
    )

    sequence: int | None = Field(default=None, primary_key=True)
    at: datetime = moment_column()
    kind: EventKind
    noun: str
    noun_id: str
    server_id: str | None = None
    team_id: str | None = None
    project_id: str | None = None
    environment_id: str | None = None
    application_id: str | None = None
    deployment_id: str | None = None
    database_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
