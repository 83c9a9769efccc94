from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import JSON_COLUMN, id_column, moment_column


class TlsMode(Enum):
    """What a TCP proxy does about TLS."""

    NONE = "NONE"
    """What clients and the database say to each other passes as it is, TLS or not."""

    TERMINATE = "TERMINATE"
    """Clients must speak TLS, with the proxy and its certificate; the database gets plain text."""

    PASSTHROUGH = "PASSTHROUGH"
    """Clients must speak TLS, with the database and its certificate; the proxy cannot read it."""


class TcpProxyState(Enum):
    """Whether clients reach the port of a TCP proxy."""

    PENDING = "PENDING"
    """It is wanted, and on its way."""

    LISTENING = "LISTENING"
    """The host's port leads to the proxy, which serves as it was told."""

    FAILED = "FAILED"
    """It is wanted and does not serve; the reason says why."""

    CLOSED = "CLOSED"
    """Nothing listens, and nothing should."""


class TcpProxyReason(Enum):
    """Why a TCP proxy does not serve."""

    PORT_TAKEN = "PORT_TAKEN"
    """Another container or another process of the host has the port."""

    ADDRESS_NOT_LOCAL = "ADDRESS_NOT_LOCAL"
    """The host does not have the address that the port is to be bound on."""

    IMAGE_UNAVAILABLE = "IMAGE_UNAVAILABLE"
    """The proxy's image is not on the host, and could be neither pulled nor made."""

    START_REFUSED = "START_REFUSED"
    """Docker did not make or start the proxy's container."""

    EXITED = "EXITED"
    """The proxy has ended; Docker may start it again."""

    NOT_LISTENING = "NOT_LISTENING"
    """The proxy runs and does not serve as it was told."""

    NO_CERTIFICATE = "NO_CERTIFICATE"
    """The certificate that it is to show is not there yet."""

    ENGINE_UNREACHABLE = "ENGINE_UNREACHABLE"
    """The Docker engine does not answer, so nothing is known."""

    INTERNAL = "INTERNAL"
    """A fault of ours; the log says more."""


class TcpProxy(SQLModel, table=True):
    """What is wanted of the TCP proxy of an exposed database, and how it was last seen.

    Its port is reserved as long as the row is there. `settled`: it has listened on this port, or somebody asked for
    it by number; until then another free one may take its place.
    """

    __tablename__ = "tcp_proxy"
    __table_args__ = (UniqueConstraint("server_id", "bind_address", "port"),)

    id: str = id_column()
    database_id: str = Field(foreign_key="database.id", unique=True)
    server_id: str = Field(foreign_key="server.id")
    bind_address: str
    port: int
    settled: bool
    allowed_networks: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    tls: TlsMode = TlsMode.NONE
    certificate_id: str | None = Field(default=None, foreign_key="certificate.id", index=True)
    expires_at: datetime | None = None

    closing: bool = False
    state: TcpProxyState = TcpProxyState.PENDING
    reason: TcpProxyReason | None = None
    message: str = ""
    created_at: datetime = moment_column()
    updated_at: datetime = moment_column()
