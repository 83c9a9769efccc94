from datetime import datetime
from enum import Enum
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, text

from db.models.columns import JSON_COLUMN, id_column, moment_column, sealed_column

DEFAULT_PIDS_LIMIT = 4096
"""Processes and threads of one container: more than a server of many threads has, less than a host can bear."""


class DesiredState(Enum):
    """What a person wants of an application."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    REMOVED = "REMOVED"


class ApplicationStatus(Enum):
    """What an application does, as far as Docker last told us."""

    NEW = "NEW"
    DEPLOYING = "DEPLOYING"
    RUNNING = "RUNNING"
    DEGRADED = "DEGRADED"
    FAILING = "FAILING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    REMOVING = "REMOVING"
    UNREACHABLE = "UNREACHABLE"


class PullPolicy(Enum):
    """When a deployment asks the registry for the image."""

    ALWAYS = "ALWAYS"
    IF_NOT_PRESENT = "IF_NOT_PRESENT"


class Strategy(Enum):
    """How a new release takes over from the old one."""

    ROLLING = "ROLLING"
    RECREATE = "RECREATE"


class RestartPolicy(Enum):
    """What Docker does when a container of a live release ends by itself."""

    UNLESS_STOPPED = "UNLESS_STOPPED"
    ON_FAILURE = "ON_FAILURE"
    NEVER = "NEVER"


class MaintenanceMode(Enum):
    """What visitors meet while somebody works on an application."""

    OFF = "OFF"
    """The application."""

    PAGE = "PAGE"
    """A page that says so, with status 503."""

    HOLD = "HOLD"
    """Nothing for up to 30 seconds: then the application, if it is back, or else the page."""


class Application(SQLModel, table=True):
    """What is wanted of an application, and the little we remember of how it is.

    `maintenance_ended_at` is when requests that were held could go on, the last time. `stop_grace` and the durations
    inside `health_check` are seconds, `memory_limit` is bytes,
    `cpu_limit` is cores. `capabilities` are names; None: the usual ones.
    """

    __tablename__ = "application"
    __table_args__ = (UniqueConstraint("environment_id", "name"),)

    id: str = id_column()
    environment_id: str = Field(foreign_key="environment.id")
    server_id: str = Field(foreign_key="server.id", index=True)
    name: str
    image: str
    pull_policy: PullPolicy = PullPolicy.ALWAYS
    registry_username: str | None = None
    registry_password: str | None = sealed_column("application:{id}:registry", default=None)
    command: list[str] | None = Field(default=None, sa_type=JSON_COLUMN)
    port: int | None = None
    replicas: int = 1
    strategy: Strategy = Strategy.ROLLING
    health_check: dict[str, Any] | None = Field(default=None, sa_type=JSON_COLUMN)
    cpu_limit: float | None = None
    memory_limit: int | None = None
    pids_limit: int = DEFAULT_PIDS_LIMIT
    capabilities: list[str] | None = Field(default=None, sa_type=JSON_COLUMN)
    allow_privilege_escalation: bool = False
    stop_grace: float = 10.0
    restart_policy: RestartPolicy = RestartPolicy.UNLESS_STOPPED
    maintenance: MaintenanceMode = MaintenanceMode.OFF
    maintenance_message: str = ""
    maintenance_ended_at: datetime | None = None

    desired: DesiredState = DesiredState.RUNNING
    remove_volumes: bool = False
    status: ApplicationStatus = ApplicationStatus.NEW
    live_release_id: str | None = None
    last_release_id: str | None = None
    created_at: datetime = moment_column()
    updated_at: datetime = moment_column()


class EnvironmentVariable(SQLModel, table=True):
    """One value that a variable has or had. A row never changes but for `current`: a release names rows by id."""

    __tablename__ = "environment_variable"
    __table_args__ = (
        Index(
            "one_current_value",
            "application_id",
            "name",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )

    id: str = id_column()
    application_id: str = Field(foreign_key="application.id", index=True)
    name: str
    value: str = sealed_column("variable:{id}")
    secret: bool = False
    current: bool = True
    created_at: datetime = moment_column()


class Volume(SQLModel, table=True):
    """A place whose content outlives the containers that mount it."""

    __tablename__ = "volume"
    __table_args__ = (
        UniqueConstraint("application_id", "name"),
        UniqueConstraint("application_id", "mount_path"),
    )

    id: str = id_column()
    application_id: str = Field(foreign_key="application.id", index=True)
    name: str
    mount_path: str
    read_only: bool = False
    created_at: datetime = moment_column()
