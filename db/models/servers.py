from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import id_column, moment_column


class ServerState(Enum):
    """Whether the Docker engine answers, as last seen."""

    UNKNOWN = "UNKNOWN"
    REACHABLE = "REACHABLE"
    UNREACHABLE = "UNREACHABLE"


class ProxyState(Enum):
    """What the HTTP proxy of a server does, as last seen."""

    UNKNOWN = "UNKNOWN"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"


class Server(SQLModel, table=True):
    """A Docker engine that we drive. The local one is made at the first start.

    `default_resolver_id`: who is asked for certificates of domains that name nobody.
    """

    __tablename__ = "server"

    id: str = id_column()
    name: str = Field(unique=True)
    state: ServerState = ServerState.UNKNOWN
    state_reason: str = ""
    engine_version: str = ""
    proxy_state: ProxyState = ProxyState.UNKNOWN
    proxy_reason: str = ""
    default_resolver_id: str | None = Field(default=None, foreign_key="certificate_resolver.id")
    created_at: datetime = moment_column()


class Subnet(SQLModel, table=True):
    """An address range of the pool that is in use on a server, and by what.

    `owner` is an environment's id, "proxy", or "foreign" where Docker said that something
    of the host's own overlaps with it.
    """

    __tablename__ = "subnet"
    __table_args__ = (UniqueConstraint("server_id", "cidr"),)

    id: str = id_column()
    server_id: str = Field(foreign_key="server.id")
    cidr: str
    owner: str = Field(index=True)
