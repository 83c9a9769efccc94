from datetime import datetime
from enum import Enum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import JSON_COLUMN, hidden_column, id_column, moment_column


class Scheme(Enum):
    """How visitors reach a domain."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"


class WwwMode(Enum):
    """What becomes of the name with www. before it, or, where it has one, without."""

    NONE = "NONE"
    """Only the name given is routed."""

    REDIRECT = "REDIRECT"
    """The other name answers with one permanent redirect to the name given."""

    SERVE = "SERVE"
    """Both names lead to the application."""


class Domain(SQLModel, table=True):
    """A name and the part of its paths that lead to an application: a URL that visitors type.

    `host` may begin with "*.", which stands for one label. `resolver_id`: who is asked for its certificate, None for
    the default of the server. `options` is what else is done to its requests (`DomainOptions`), `basic_auth` who may
    come in: "name:hash". `problem` is why the proxy does not serve it, "" when it does.
    """

    __tablename__ = "domain"

    id: str = id_column()
    application_id: str = Field(foreign_key="application.id", index=True)
    server_id: str = Field(foreign_key="server.id")
    scheme: Scheme = Scheme.HTTP
    host: str
    path_prefix: str = "/"
    strip_prefix: bool = False
    www_mode: WwwMode = WwwMode.NONE
    https_only: bool = True
    resolver_id: str | None = Field(default=None, foreign_key="certificate_resolver.id", index=True)
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    basic_auth: list[str] = hidden_column(default_factory=list, sa_type=JSON_COLUMN)
    problem: str = ""
    created_at: datetime = moment_column()


class DomainName(SQLModel, table=True):
    """One of the names that a domain stands for, and the part of its paths. No two domains of a server share one."""

    __tablename__ = "domain_name"
    __table_args__ = (UniqueConstraint("server_id", "host", "path_prefix"),)

    id: str = id_column()
    domain_id: str = Field(foreign_key="domain.id", index=True)
    server_id: str = Field(foreign_key="server.id")
    host: str
    path_prefix: str
