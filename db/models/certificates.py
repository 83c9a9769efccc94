from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.columns import JSON_COLUMN, id_column, moment_column, sealed_column


class Certificate(SQLModel, table=True):
    """A certificate that somebody brought, with those of its issuers. `key` is its private key."""

    __tablename__ = "certificate"

    id: str = id_column()
    team_id: str = Field(foreign_key="team.id", index=True)
    names: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    issuer: str
    chain: str
    key: str = sealed_column("certificate:{id}:key")
    not_before: datetime
    not_after: datetime
    created_at: datetime = moment_column()
