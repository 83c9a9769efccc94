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


def hidden_column(**options: Any) -> Any:
    """A column that is shown to nobody, such as the hash that a secret is known by."""
    return Field(sa_column_kwargs={"info": {"hidden": True}}, **options)


def id_column() -> Any:
    return Field(default_factory=new_id, primary_key=True)


def moment_column() -> Any:
    return Field(default_factory=now)


def sealed_column(place: str, **options: Any) -> Any:
    """A column that holds ciphertexts, each of which opens only at its place: "variable:{id}", by the row's id.

    The place is in every ciphertext there is: it can never be changed.
    """
    return Field(sa_column_kwargs={"info": {"secret": place}}, **options)
