from datetime import datetime
from enum import Enum

from sqlmodel import Field, SQLModel

from db.models.columns import id_column, moment_column


class Grant(Enum):
    """What a token may do. SETUP may only make the first real token."""

    OWNER = "OWNER"
    SETUP = "SETUP"


class ApiToken(SQLModel, table=True):
    """A key to the API. Only the SHA-256 of its 256 random bits is kept."""

    __tablename__ = "api_token"

    id: str = id_column()
    name: str
    hash: str = Field(unique=True)
    grant: Grant = Grant.OWNER
    created_at: datetime = moment_column()
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
