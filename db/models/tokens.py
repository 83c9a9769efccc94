from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel

from db.models.columns import JSON_COLUMN, hidden_column, id_column, moment_column


class Grant(Enum):
    """What kind of token it is: OWNER may do everything everywhere, SETUP may only make whoever comes first."""

    OWNER = "OWNER"
    SETUP = "SETUP"
    LIMITED = "LIMITED"


class ApiToken(SQLModel, table=True):
    """A key to the API. Only the SHA-256 of its 256 random bits is kept.

    A LIMITED one may do what `permissions` says ("deploy Application"; "read *" for all nouns), in the team, the
    project, the environment that are given, and never more than the user who made it. `networks` (CIDR) are those
    it may come from; None: any.
    """

    __tablename__ = "api_token"

    id: str = id_column()
    name: str
    hash: str = hidden_column(unique=True)
    grant: Grant = Grant.OWNER
    user_id: str | None = Field(default=None, foreign_key="user.id")
    team_id: str | None = Field(default=None, foreign_key="team.id")
    project_id: str | None = None
    environment_id: str | None = None
    permissions: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    networks: list[str] | None = Field(default=None, sa_type=JSON_COLUMN)
    created_at: datetime = moment_column()
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_from: str = ""
    revoked_at: datetime | None = None
