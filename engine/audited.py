"""What the audit log tells of a row: what people call it, and what of it has changed."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel

from db import models

Values: TypeAlias = dict[str, Any]

_EMPTY: tuple[object, ...] = (None, "", [])

LONGEST_VALUE = 4000
"""Characters of JSON that are kept of a value."""

# Nothing that anybody wants: what was seen, what was told, and what is counted. All other tables are audited.
_NOT_AUDITED = {
    models.AuditEntry,
    models.CertificateOrder,
    models.Container,
    models.DatabaseContainer,
    models.DeploymentLogLine,
    models.DomainName,  # follows from its domain
    models.Event,
    models.Subnet,
}
# What the entry itself tells, and what nobody wants: it is counted.
_NOT_TOLD = {
    *("id", "created_at", "updated_at"),
    *("last_used_at", "last_used_from", "last_signed_in_at", "sign_count", "totp_used"),
}


def is_audited(row: object) -> bool:
    """Whether entries tell of this row, or of the rows of this table."""
    return (row if isinstance(row, type) else type(row)) not in _NOT_AUDITED


def values_before(row: SQLModel) -> Values:
    """The row's fields as the database has them."""
    state: Any = inspect(row)
    histories = ((name, state.attrs[name].history) for name in _told(type(row)))
    return {name: (old.deleted or old.unchanged or (None,))[0] for name, old in histories}


def values_after(row: SQLModel) -> Values:
    """The row's fields as they shall be."""
    return {name: getattr(row, name) for name in _told(type(row))}


def changes_between(table: type[SQLModel], before: Values | None, after: Values | None) -> dict[str, dict[str, Any]]:
    """For each field that is not alike before and after: {"old": …, "new": …}, and {"changed": True} for a secret.

    None: the row is not there.
    """
    old, new = before or {}, after or {}
    if before is None or after is None:  # what is empty was not given
        old, new = ({name: value for name, value in row.items() if value not in _EMPTY} for row in (old, new))
    different = (name for name in _told(table) if old.get(name) != new.get(name))
    return {name: _change(table, name, old.get(name), new.get(name)) for name in different}


def _change(table: type[SQLModel], name: str, old: object, new: object) -> dict[str, Any]:
    if name in _secret(table):
        return {"changed": True}
    return {"old": _kept(old), "new": _kept(new)}


def _kept(value: object) -> object:
    """The value as JSON knows it; of what is too long, the beginning of its text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


@cache
def _told(table: type[SQLModel]) -> tuple[str, ...]:
    return tuple(column.key for column in inspect(table).columns if column.key not in _NOT_TOLD)


@cache
def _secret(table: type[SQLModel]) -> frozenset[str]:
    columns: Any = inspect(table).columns
    return frozenset(column.key for column in columns if column.info.get("secret") or column.info.get("hidden"))


def name_of(session: Session, row: SQLModel) -> str:
    """What people call it; "" for what has no name."""
    name = _NAMES.get(type(row))
    return name(session, row) if name else str(getattr(row, "name", ""))


def _of(table: type[SQLModel], key: str) -> Callable[[Session, Any], str]:
    """The name of the row of another table, which the column `key` refers to."""

    def name(session: Session, row: Any) -> str:
        other = session.get(table, getattr(row, key))
        return name_of(session, other) if other is not None else ""

    return name


def _part(name: str) -> Callable[[Session, Any], str]:
    """The name of the application, and what the part of it is called, in the column `name`."""
    application = _of(models.Application, "application_id")
    return lambda session, row: f"{application(session, row)} {getattr(row, name)}".strip()


_NAMES: Mapping[type[SQLModel], Callable[[Session, Any], str]] = {
    models.Certificate: lambda _, row: ", ".join(row.names),
    models.DatabaseLink: _part("variable"),
    models.DatabaseRestore: _of(models.Database, "database_id"),
    models.Deployment: _part("number"),
    models.Domain: lambda _, row: row.host + row.path_prefix.removesuffix("/"),
    models.EnvironmentVariable: _part("name"),
    models.Identity: lambda _, row: row.issuer,
    models.Instance: lambda _, row: row.id,
    models.Invitation: lambda _, row: row.email,
    models.Membership: _of(models.User, "user_id"),
    models.PasswordReset: _of(models.User, "user_id"),
    models.RecoveryCode: _of(models.User, "user_id"),
    models.Release: _part("number"),
    models.TcpProxy: _of(models.Database, "database_id"),
    models.User: lambda _, row: row.email,
    models.UserSession: _of(models.User, "user_id"),
    models.Volume: _part("name"),
}
