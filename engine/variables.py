"""Environment variables of an application: a new value is a new row, because releases name rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import EnvironmentVariable
from engine.application_rules import check_environment, check_variables
from engine.secret_places import variable_place
from engine.secrets import Cipher, Secret, sealed_bytes


@dataclass(frozen=True, slots=True)
class VariableDraft:
    """A value for a variable. A `secret` one can never be read again; None: as it was, and else not secret."""

    name: str
    value: Secret
    secret: bool | None = None


def write_variables(
    session: Session, cipher: Cipher, application_id: str, variables: Sequence[VariableDraft]
) -> None:
    """Give these variables their values, and leave the others. Raises `InvalidInput`."""
    check_variables(variables)
    before = {row.name: row.secret for row in retire_variables(session, application_id, {v.name for v in variables})}
    for variable in variables:
        secret = before.get(variable.name, False) if variable.secret is None else variable.secret
        row = EnvironmentVariable(application_id=application_id, name=variable.name, value="", secret=secret)
        row.value = cipher.encrypt(variable.value, variable_place(row.id))
        session.add(row)
    check_environment([len(row.name) + sealed_bytes(row.value) for row in _current(session, application_id)])


def retire_variables(session: Session, application_id: str, names: set[str]) -> list[EnvironmentVariable]:
    """Take away what the variables of these names hold now; the rows that did."""
    rows = [row for row in _current(session, application_id) if row.name in names]
    for row in rows:
        row.current = False
        session.add(row)
    session.flush()  # before new values come: only one may be current
    return rows


def _current(session: Session, application_id: str) -> Sequence[EnvironmentVariable]:
    return session.exec(
        select(EnvironmentVariable).where(
            EnvironmentVariable.application_id == application_id, col(EnvironmentVariable.current)
        )
    ).all()
