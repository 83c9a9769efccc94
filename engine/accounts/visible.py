"""What of the database somebody may see: an authority as a condition of SQL, and the place of a row.

Each table says of what noun its rows are parts, and what leads from them to their place. Whoever reads rows for
somebody adds `visible(table, authority)` to the query; there is no second way to decide what is seen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import Session, SQLModel, col, select

from db import models
from engine.accounts.acting import authority_of
from engine.accounts.authority import EVERYTHING, INSTALLATION, Action, Authority, Noun, Permission, Place, around
from engine.accounts.authority import shared as seen_by_all

Condition: TypeAlias = ColumnElement[bool]
T = TypeVar("T", bound=SQLModel)


@dataclass(frozen=True)
class Seat:
    """How the rows of a table come to their place: by columns of their own, or as parts of rows of other tables.

    `columns` are the names of those that hold the ids of the team, the project and the environment.
    """

    noun: Noun
    columns: tuple[str | None, str | None, str | None] = (None, None, None)
    owners: Mapping[str, "type[SQLModel]"] = field(default_factory=dict)
    by_owner: bool = False
    """Whether it takes the right to see its owners, each by its own noun, to see a row."""


_OF_APPLICATION: dict[str, type[SQLModel]] = {"application_id": models.Application}
_OF_DATABASE: dict[str, type[SQLModel]] = {"database_id": models.Database}
_IN_ENVIRONMENT = ("team_id", "project_id", "environment_id")

SEATS: dict[type[SQLModel], Seat] = {
    models.Team: Seat(Noun.TEAM, ("id", None, None)),
    models.Membership: Seat(Noun.MEMBERSHIP, ("team_id", None, None)),
    models.Invitation: Seat(Noun.INVITATION, ("team_id", None, None)),
    models.ApiToken: Seat(Noun.API_TOKEN, _IN_ENVIRONMENT),
    models.AuditEntry: Seat(Noun.AUDIT_ENTRY, _IN_ENVIRONMENT),
    models.User: Seat(Noun.USER),
    models.UserSession: Seat(Noun.USER),
    models.Passkey: Seat(Noun.USER),
    models.Identity: Seat(Noun.USER),
    models.Server: Seat(Noun.SERVER),
    models.CertificateResolver: Seat(Noun.CERTIFICATE_RESOLVER),
    models.Project: Seat(Noun.PROJECT, ("team_id", "id", None)),
    models.Environment: Seat(Noun.ENVIRONMENT, ("team_id", "project_id", "id")),
    models.Certificate: Seat(Noun.CERTIFICATE, ("team_id", None, None)),
    models.Application: Seat(Noun.APPLICATION, owners={"environment_id": models.Environment}),
    models.Container: Seat(Noun.APPLICATION, owners=_OF_APPLICATION),
    models.EnvironmentVariable: Seat(Noun.APPLICATION, owners=_OF_APPLICATION),
    models.Volume: Seat(Noun.APPLICATION, owners=_OF_APPLICATION),
    models.Deployment: Seat(Noun.DEPLOYMENT, owners=_OF_APPLICATION),
    models.Release: Seat(Noun.RELEASE, owners=_OF_APPLICATION),
    models.Domain: Seat(Noun.DOMAIN, owners=_OF_APPLICATION),
    models.Database: Seat(Noun.DATABASE, owners={"environment_id": models.Environment}),
    models.DatabaseContainer: Seat(Noun.DATABASE, owners=_OF_DATABASE),
    models.TcpProxy: Seat(Noun.TCP_PROXY, owners=_OF_DATABASE),
    models.DatabaseLink: Seat(Noun.APPLICATION, owners=_OF_APPLICATION | _OF_DATABASE, by_owner=True),
    models.DatabaseDump: Seat(Noun.DATABASE_DUMP, _IN_ENVIRONMENT),
    models.DatabaseRestore: Seat(Noun.DATABASE_RESTORE, _IN_ENVIRONMENT),
}

_TABLES = {table.__name__: table for table in SEATS}


@lru_cache(4096)
def visible(table: type[SQLModel], authority: Authority) -> Condition:
    """True, in SQL, for the rows of `table` that this authority may read."""
    seat = SEATS[table]
    if authority == EVERYTHING:
        return true()
    if seat.by_owner:
        return and_(*(_part(table, key, owner, visible(owner, authority)) for key, owner in seat.owners.items()))
    seen = _allowed(table, (Action.READ, seat.noun), authority)
    return or_(seen, _known(authority)) if table is models.User else seen


def sees(event: models.Event, authority: Authority) -> bool:
    """Whether this authority may read an event: it may read what the event is about."""
    if authority == EVERYTHING:
        return True
    noun, place = noun_of(event.noun), Place(event.team_id, event.project_id, event.environment_id)
    if noun is None or not authority.allows_somewhere(Action.READ, Noun.EVENT):
        return False
    return authority.allows(Action.READ, noun, place)


@lru_cache(1024)
def visible_events(authority: Authority) -> Condition:
    """As `sees`, in SQL."""
    if authority == EVERYTHING:
        return true()
    if not authority.allows_somewhere(Action.READ, Noun.EVENT):
        return false()
    about = (
        and_(
            col(models.Event.noun) == kind,
            _placed(_columns(models.Event), (Action.READ, SEATS[table].noun), authority),
        )
        for kind, table in _TABLES.items()
        if authority.allows_somewhere(Action.READ, SEATS[table].noun)
    )
    return or_(false(), *about)


def noun_of(kind: str) -> Noun | None:
    """Of what noun the things of this kind (the name of their table's class) are parts."""
    return SEATS[_TABLES[kind]].noun if kind in _TABLES else None


def place_of(session: Session, kind: str, key: str) -> Place | None:
    """Where the thing of this kind (the name of its table's class) with this key is; None: there is none."""
    table = _TABLES.get(kind)
    row = session.get(table, key) if table else None
    return place_of_row(session, row) if row is not None else None


def is_visible(session: Session, kind: str, key: str, authority: Authority) -> bool:
    """Whether this authority may read the thing of this kind with this key."""
    table: Any = _TABLES.get(kind)
    query = select(table.id).where(table.id == key, visible(table, authority)) if table else None
    return query is not None and session.exec(query).first() is not None


def owner_of(session: Session, kind: str, key: str) -> str | None:
    """The user whose own the thing of this kind with this key is: their token, say, or they; None: nobody's."""
    table = _TABLES.get(kind)
    row = session.get(table, key) if table else None
    return row.id if isinstance(row, models.User) else getattr(row, "user_id", None)


def readable(session: Session, row: T) -> T | None:
    """The row, if whoever is behind this transaction may know of it."""
    place = place_of_row(session, row)
    known = place is not None and authority_of(session).allows(Action.READ, SEATS[type(row)].noun, place)
    return row if known else None


def place_of_row(session: Session, row: SQLModel, before: Mapping[str, Any] = MappingProxyType({})) -> Place | None:
    """Where the row is, which itself need not be written yet; None: what it is part of is gone.

    `before`: values that count instead of its present ones.
    """
    seat = SEATS.get(type(row))
    if seat is None:  # of nobody's team, such as a session
        return INSTALLATION
    for owner_key, owner in seat.owners.items():
        above = _above(session, owner, getattr(row, owner_key))
        return place_of_row(session, above) if above is not None else None
    return Place(*(before.get(name, getattr(row, name)) if name else None for name in seat.columns))


def _above(session: Session, owner: type[SQLModel], key: str) -> SQLModel | None:
    row = session.get(owner, key)
    # A session forgets what nobody holds, and would read it anew for each of a thousand rows.
    session.info.setdefault("above", {})[owner, key] = row
    return row


def _known(authority: Authority) -> Condition:
    """People whose membership of some team may be read."""
    members = select(models.Membership.user_id).where(visible(models.Membership, authority))
    return col(models.User.id).in_(members)


def _allowed(table: type[SQLModel], permission: Permission, authority: Authority) -> Condition:
    for key, owner in SEATS[table].owners.items():
        return _part(table, key, owner, _allowed(owner, permission, authority))
    return _placed(_columns(table), permission, authority)


def _part(table: type[SQLModel], key: str, owner: Any, condition: Condition) -> Condition:
    return getattr(table, key).in_(select(owner.id).where(condition))  # type: ignore[no-any-return]


def _columns(table: Any) -> list[Any]:
    names = SEATS[table].columns if table in SEATS else _IN_ENVIRONMENT
    return [getattr(table, name) if name else None for name in names]


def _placed(columns: list[Any], permission: Permission, authority: Authority) -> Condition:
    """True, in SQL, where the place in these columns is one where the permission is given."""
    places = authority.places(*permission)
    here = or_(false(), *(condition for place in places for condition in _conditions(columns, permission, place)))
    return here if authority.within is None else and_(here, _placed(columns, permission, authority.within))


def _conditions(columns: list[Any], permission: Permission, place: Place) -> Iterator[Condition]:
    if all(column is not None or wanted is None for column, wanted in zip(columns, place, strict=True)):
        pairs = zip(columns, place, strict=True)
        yield and_(true(), *(column == wanted for column, wanted in pairs if wanted is not None))
    if seen_by_all(permission):
        yield and_(true(), *(column.is_(None) for column in columns if column is not None))
    if around(permission) and place != INSTALLATION:
        pairs = zip(columns, place, strict=True)
        yield and_(
            true(), *(or_(column.is_(None), column == wanted) for column, wanted in pairs if column is not None)
        )
