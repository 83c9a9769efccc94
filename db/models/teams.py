from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import JSON_COLUMN, hidden_column, id_column, moment_column


class Role(Enum):
    """What a member may do in a team, from all to least."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    DEVELOPER = "DEVELOPER"
    VIEWER = "VIEWER"


class Team(SQLModel, table=True):
    """People who share projects. Nobody outside of it knows what it has."""

    __tablename__ = "team"

    id: str = id_column()
    name: str = Field(unique=True)
    created_at: datetime = moment_column()


class Membership(SQLModel, table=True):
    """What somebody may do in a team. `project_ids` narrows it to these projects; None: all of them."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "team_id"),)

    id: str = id_column()
    user_id: str = Field(foreign_key="user.id")
    team_id: str = Field(foreign_key="team.id", index=True)
    role: Role
    project_ids: list[str] | None = Field(default=None, sa_type=JSON_COLUMN)
    created_at: datetime = moment_column()


class Invitation(SQLModel, table=True):
    """A membership that waits for whoever has the address and the link, of which only the hash is kept."""

    __tablename__ = "invitation"

    id: str = id_column()
    team_id: str = Field(foreign_key="team.id", index=True)
    email: str
    role: Role
    project_ids: list[str] | None = Field(default=None, sa_type=JSON_COLUMN)
    hash: str = hidden_column(unique=True)
    invited_by: str
    created_at: datetime = moment_column()
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None
