from datetime import datetime
from typing import Any

from sqlmodel import Field, Index, SQLModel

from db.models.columns import JSON_COLUMN, moment_column


class AuditEntry(SQLModel, table=True):
    """Who did what to what. Written with the change, and never changed or removed: the database refuses it.

    `actor` is what the user, the token or the program was called at the time; `action` the field of the API, such as
    "deployApplication", or what else was done. `changes` has for each field its old and its new value; secrets only
    say that they changed.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("audit_of_team", "team_id", "sequence"),
        Index("audit_of_noun", "noun_id", "sequence"),
        {"sqlite_autoincrement": True},
    )

    sequence: int | None = Field(default=None, primary_key=True)
    at: datetime = moment_column()
    actor: str
    user_id: str | None = None
    token_id: str | None = None
    session_id: str | None = None
    address: str = ""
    action: str
    noun: str
    noun_id: str
    name: str = ""
    team_id: str | None = None
    project_id: str | None = None
    environment_id: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
