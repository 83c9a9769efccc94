"""How rows are found in bulk: one query for all sibling fields that ask for the same kind of thing."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, func, select

from db.models import Deployment, Release
from db.stored import Statement, Stored, columns_of, given, selected, several
from engine.accounts.authority import Authority
from engine.accounts.visible import visible
from graph.context import Reader
from graph.errors import Forbidden

V = TypeVar("V")
Row = TypeVar("Row", bound=SQLModel)
Numbered = TypeVar("Numbered", Deployment, Release)


class PageKey(NamedTuple):
    """The newest `first` + 1 rows of an application whose number is below `before`: these columns, or all."""

    application_id: str
    first: int
    before: int | None
    columns: frozenset[str] | None


class Only(NamedTuple):
    """Those of the rows that are found for which a function says so, which reads these columns."""

    counts: Callable[[Any], bool]
    columns: frozenset[str]


PREPARED = 256  # statements of each loader: one for each set of columns, and each of those who may see


class Loader(Generic[V]):
    """Finds rows by the values of one column, for many values at once.

    Called, as `Context.load` does, it gives what `made` makes of the rows for each key. `stored` gives the same with
    rows that have no more than the columns that are asked for.
    """

    def __init__(
        self,
        table: type[Any],
        key: str,
        made: Callable[[list[Any], str], V],
        order: Sequence[Any] = (),
        where: Sequence[Any] = (),
        only: Only | None = None,
    ) -> None:
        self.table: Any = table
        self._key, self._made, self._order, self._where, self._only = key, made, order, where, only
        self._needed = {key, *(only.columns if only else ())}
        self._prepared = lru_cache(PREPARED)(self._prepare)

    async def __call__(self, reader: Reader, keys: list[str]) -> list[V]:
        rows = await reader.engine.sessions.read(self._whole, reader.authority, keys)
        return self._grouped(rows, keys)

    def stored(self, reader: Reader, keys: list[str], columns: frozenset[str] | None) -> list[V]:
        """For each key, in their order, as much of what is found as these columns; None: all of it."""
        sessions = reader.engine.sessions
        statement = self._prepared(columns, reader.authority, sessions.dialect)
        return self._grouped(sessions.rows_now(statement, keys=several(keys)), keys)

    def _whole(self, session: Session, authority: Authority, keys: list[str]) -> Sequence[Any]:
        query = select(self.table).where(self._column.in_(set(keys)), visible(self.table, authority), *self._where)
        return session.exec(query.order_by(*self._order)).all()

    def _prepare(self, names: frozenset[str] | None, authority: Authority, dialect: Dialect) -> Statement:
        columns = columns_of(self.table, None if names is None else names | self._needed)
        query = selected(columns).where(self._among(), visible(self.table, authority), *self._where)
        return Statement(query.order_by(*self._order), columns, dialect)

    def _grouped(self, rows: Iterable[Any], keys: list[str]) -> list[V]:
        groups: dict[str, list[Any]] = {key: [] for key in keys}
        key_of = attrgetter(self._key)
        for row in filter(self._only.counts, rows) if self._only else rows:
            groups[key_of(row)].append(row)
        return [self._made(groups[key], key) for key in keys]

    def _among(self) -> Any:
        return self._column.in_(select(given("keys").c.value))

    @property
    def _column(self) -> Any:
        return getattr(self.table, self._key)


def one(table: type[Row], *conditions: Any) -> Loader[Row | None]:
    return Loader(table, "id", lambda rows, _: rows[0] if rows else None, where=conditions)


def held(table: type[Row]) -> Loader[Row]:
    """As `one`, for rows that a foreign key keeps from going before what refers to them.

    One that may not be read is an error of the field: its noun is known already from what refers to it.
    """

    def made(rows: list[Row], _key: str) -> Any:  # an error is raised where the row is awaited
        return rows[0] if rows else Forbidden(f"You may not read this {table.__name__}.")

    return Loader(table, "id", made)


def many(
    table: type[Row], owner: str, *order: Any, where: Sequence[Any] = (), only: Only | None = None
) -> Loader[list[Row]]:
    """The rows whose column `owner` holds the key, in this order."""
    return Loader(table, owner, lambda rows, _: rows, order, where, only)


def last(table: type[Row], owner: str, *order: Any) -> Loader[Row | None]:
    """The last, in this order, of the rows whose column `owner` holds the key; None: there is none."""
    return Loader(table, owner, lambda rows, _: rows[-1] if rows else None, order)


class Newest(Loader[Numbered | None]):
    """The row with the highest number of each application; None: it has none."""

    def __init__(self, table: type[Numbered]) -> None:
        super().__init__(table, "application_id", lambda rows, _: rows[0] if rows else None)

    def _whole(self, session: Session, authority: Authority, keys: list[str]) -> Sequence[Numbered]:
        query = select(self.table).where(self._among(), visible(self.table, authority))
        return session.exec(query, params={"keys": several(keys)}).all()

    def _among(self) -> Any:
        # One index search for each application: how many rows it has does not matter.
        each, keys = aliased(self.table), given("keys")
        newest = select(each.id).where(each.application_id == keys.c.value).order_by(col(each.number).desc()).limit(1)
        return col(self.table.id).in_(select(newest.correlate(keys).scalar_subquery()).select_from(keys))


class Paged:
    """The newest rows of applications, by their numbers, page by page: those of many applications at once."""

    def __init__(self, table: type[Deployment] | type[Release]) -> None:
        self._table: Any = table
        self._prepared = lru_cache(PREPARED)(self._prepare)

    async def __call__(self, reader: Reader, keys: list[PageKey]) -> list[list[Stored]]:
        found: dict[PageKey, list[Stored]] = {key: [] for key in keys}
        for alike in {key[1:] for key in keys}:
            wanted = dict.fromkeys(key.application_id for key in keys if key[1:] == alike)
            for row in self._rows(reader, wanted, *alike):
                found[PageKey(row.application_id, *alike)].append(row)
        return [found[key] for key in keys]

    def _rows(
        self, reader: Reader, keys: Collection[str], first: int, before: int | None, columns: frozenset[str] | None
    ) -> list[Stored]:
        sessions = reader.engine.sessions
        statement = self._prepared(columns, reader.authority, sessions.dialect, before is not None)
        return sessions.rows_now(statement, keys=several(keys), first=first, before=before)

    def _prepare(
        self, names: frozenset[str] | None, authority: Authority, dialect: Dialect, goes_on: bool
    ) -> Statement:
        # One index search for each application: how many rows it has beyond the page does not matter.
        table, each, keys = self._table, aliased(self._table), given("keys")
        columns = columns_of(table, None if names is None else names | {"application_id", "number"})
        past_page = select(each.number).where(each.application_id == keys.c.value)
        query = selected(columns).join(keys, col(table.application_id) == keys.c.value)
        if goes_on:
            past_page = past_page.where(each.number < bindparam("before"))
            query = query.where(table.number < bindparam("before"))
        last = past_page.order_by(each.number.desc()).offset(bindparam("first")).limit(1).scalar_subquery()
        query = query.where(table.number >= func.coalesce(last, 0), visible(table, authority))
        return Statement(query.order_by(table.number.desc()), columns, dialect)
