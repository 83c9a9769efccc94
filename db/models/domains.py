from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import id_column, moment_column


class Domain(SQLModel, table=True):
    """A host name, and the part of its paths, that leads to an application.

    `problem` is why the proxy does not serve it, "" when it does.
    """

    __tablename__ = "domain"
    __table_args__ = (UniqueConstraint("server_id", "host", "path_prefix"),)

    id: str = id_column()
    application_id: str = Field(foreign_key="application.id", index=True)
    server_id: str = Field(foreign_key="server.id")
    host: str
    path_prefix: str = "/"
    strip_prefix: bool = False
    problem: str = ""
    created_at: datetime = moment_column()
