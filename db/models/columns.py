"""What several tables share: how ids are made, and what a moment is."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.types import TypeEngine
from sqlmodel import Field
from ulid import ULID

JSON_COLUMN: type[TypeEngine[Any]] = JSON


def new_id() -> str:
    """A fresh id: 26 lower-case letters and digits that sort by the moment they were made."""
    return str(ULID()).lower()


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def hashed_column(**options: Any) -> Any:
    """A column that holds what a secret is known by: a hash, which nobody is shown either."""
    return Field(sa_column_kwargs={"info": {"hashed": True}}, **options)


def id_column() -> Any:
    return Field(default_factory=new_id, primary_key=True)


def moment_column() -> Any:
    return Field(default_factory=now)
