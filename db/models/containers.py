from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.columns import moment_column


class ObservedContainer(SQLModel):
    """A container of ours as Docker last described it. `state` and `health` are Docker's own words.

    `ready`: it runs, and has passed its health check since it last started. `endpoint`: what Docker calls its
    attachment to its network, another one after each start.
    """

    id: str = Field(primary_key=True)
    name: str
    server_id: str = Field(foreign_key="server.id")
    state: str
    ready: bool = False
    health: str | None = None
    exit_code: int | None = None
    out_of_memory: bool = False
    error: str = ""
    restart_count: int = 0
    address: str | None = None
    endpoint: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    observed_at: datetime = moment_column()


class Container(ObservedContainer, table=True):
    """A container of an application."""

    __tablename__ = "container"

    application_id: str = Field(index=True)
    release_id: str = Field(index=True)
    replica: int
