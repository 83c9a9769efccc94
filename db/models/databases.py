from datetime import datetime
from enum import Enum

from sqlmodel import BigInteger, Field, SQLModel, UniqueConstraint

from db.models.applications import DesiredState
from db.models.columns import JSON_COLUMN, id_column, moment_column, new_id, sealed_column
from db.models.containers import ObservedContainer
from db.models.database_kinds import DatabaseKind


class DatabaseStatus(Enum):
    """What a database does, as far as Docker last told us."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILING = "FAILING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    REMOVING = "REMOVING"
    UNREACHABLE = "UNREACHABLE"


class DatabaseProblem(Enum):
    """Why a database that shall run does not."""

    IMAGE_NOT_FOUND = "IMAGE_NOT_FOUND"
    REGISTRY_DENIED = "REGISTRY_DENIED"
    REGISTRY_UNREACHABLE = "REGISTRY_UNREACHABLE"
    START_REFUSED = "START_REFUSED"
    EXITED = "EXITED"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    NOT_READY = "NOT_READY"
    UNHEALTHY = "UNHEALTHY"
    INTERNAL = "INTERNAL"


class Database(SQLModel, table=True):
    """What is wanted of a database, and the little we remember of how it is.

    `next_password` is the one that a rotation is about to give the server. `memory_limit` is bytes, `cpu_limit`
    cores. `data_version` is the version that has worked on the volume; `previous_volume_id` the volume that a restore
    has replaced and that goes once the new one serves.
    """

    __tablename__ = "database"
    __table_args__ = (UniqueConstraint("environment_id", "name"),)

    id: str = id_column()
    environment_id: str = Field(foreign_key="environment.id")
    server_id: str = Field(foreign_key="server.id", index=True)
    name: str
    kind: DatabaseKind
    version: str
    data_version: str | None = None
    username: str
    database_name: str
    password: str = sealed_column("database:{id}:password")
    next_password: str | None = sealed_column("database:{id}:next password", default=None)
    rotation_failure: str = ""
    configuration: str | None = None
    variables: str | None = sealed_column("database:{id}:variables", default=None)
    cpu_limit: float | None = None
    memory_limit: int | None = None
    volume_id: str = Field(default_factory=new_id)
    previous_volume_id: str | None = None

    desired: DesiredState = DesiredState.RUNNING
    restart_wanted: bool = False
    remove_volume: bool = False
    status: DatabaseStatus = DatabaseStatus.STARTING
    problem: DatabaseProblem | None = None
    problem_message: str = ""
    problem_exit_code: int | None = None
    problem_log: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    created_at: datetime = moment_column()
    updated_at: datetime = moment_column()


class DatabaseContainer(ObservedContainer, table=True):
    """The container of a database as Docker last described it."""

    __tablename__ = "database_container"

    database_id: str = Field(index=True)


class DatabaseLink(SQLModel, table=True):
    """An application that finds the connection string of a database in a variable of this name."""

    __tablename__ = "database_link"
    __table_args__ = (UniqueConstraint("application_id", "variable"),)

    id: str = id_column()
    database_id: str = Field(foreign_key="database.id", index=True)
    application_id: str = Field(foreign_key="application.id", index=True)
    variable: str
    created_at: datetime = moment_column()


class DumpStatus(Enum):
    """The steps of a dump, in order, and its ends."""

    QUEUED = "QUEUED"
    DUMPING = "DUMPING"
    VERIFYING = "VERIFYING"
    GOOD = "GOOD"
    FAILED = "FAILED"


class DatabaseDump(SQLModel, table=True):
    """A copy of a database in a file of the data directory, which outlives it.

    `name`, `version` and `database_name` are the database's at that time. `size` is bytes, so far or in all; `file`
    the name of the file in the directory of dumps, "" until there is a good one.
    """

    __tablename__ = "database_dump"

    id: str = id_column()
    database_id: str = Field(index=True)
    team_id: str
    project_id: str
    environment_id: str
    name: str
    status: DumpStatus = DumpStatus.QUEUED
    kind: DatabaseKind
    version: str
    database_name: str
    size: int = Field(default=0, sa_type=BigInteger)
    file: str = ""
    sha256: str | None = None
    failure: str = ""
    requested_by: str = ""
    created_at: datetime = moment_column()
    finished_at: datetime | None = None


class RestoreStatus(Enum):
    """The steps of a restore, in order, and its ends."""

    QUEUED = "QUEUED"
    RESTORING = "RESTORING"
    SWITCHING = "SWITCHING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class DatabaseRestore(SQLModel, table=True):
    """A dump that becomes the content of a database, on a new volume, `volume_id`. Outlives both of them.

    `size` is bytes read so far; `data_version` the database's before the switch to the new volume.
    """

    __tablename__ = "database_restore"

    id: str = id_column()
    database_id: str = Field(index=True)
    team_id: str
    project_id: str
    environment_id: str
    dump_id: str
    status: RestoreStatus = RestoreStatus.QUEUED
    volume_id: str = Field(default_factory=new_id)
    data_version: str | None = None
    size: int = Field(default=0, sa_type=BigInteger)
    failure: str = ""
    requested_by: str = ""
    created_at: datetime = moment_column()
    finished_at: datetime | None = None
