"""A session that does for the engine what SQLAlchemy's does, in a fraction of the time: right on SQLite, in memory.

Statements are SQLAlchemy's, compiled once for each shape; so are the mapped classes, their changes and their types.
What is left out is what the engine never uses: relationships, lazy loading, expiry, savepoints. Anything else that
is not known here raises. Schedules live through either kind of session in exactly the same way; a test says so.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Column, CompoundSelect, Delete, TextClause, Update, create_engine, inspect
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import SQLModel

Processor = Callable[[Any], Any] | None
Identity = tuple[type, tuple[object, ...]]

_SEEN = 10_000
_PLAN = "_plan_of_the_ledger"
_NO_PLAN = (None, None)
_DIALECT = create_engine("sqlite://").dialect


class Rows(list[Any]):
    """What a question was answered with."""

    def all(self) -> list[Any]:
        return self

    def scalars(self) -> list[Any]:
        return [row[0] for row in self]

    def first(self) -> Any:
        return self[0] if self else None

    def one(self) -> Any:
        if len(self) > 1:
            raise MultipleResultsFound("Multiple rows were found when exactly one was required")
        if not self:
            raise NoResultFound("No row was found when one was required")
        return self[0]

    def one_or_none(self) -> Any:
        return self.one() if self else None


class Table:
    """How one class is read and written."""

    def __init__(self, cls: type[SQLModel]) -> None:
        mapper: Mapper[Any] = inspect(cls)
        assert not mapper.relationships, f"{cls.__name__} has relationships, which this session does not know."
        self.cls = cls
        self.manager = mapper.class_manager
        self.columns: list[Column[Any]] = list(mapper.columns)
        self.keys = [mapper.get_property_by_column(column).key for column in self.columns]
        self.key = tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)
        self.key_at = [self.keys.index(key) for key in self.key]
        self.reads = [_reads(column.type) for column in self.columns]
        self.writes: dict[str, Processor] = {
            key: column.type._cached_bind_processor(_DIALECT)
            for key, column in zip(self.keys, self.columns, strict=True)
        }
        table: Any = mapper.local_table
        name = table.name
        names = ", ".join(f'"{column.name}"' for column in self.columns)
        marks = ", ".join("?" * len(self.columns))
        where = "WHERE " + " AND ".join(f'"{column.name}" = ?' for column in mapper.primary_key)
        self.select = f'SELECT {names} FROM "{name}" {where}'
        self.insert = f'INSERT INTO "{name}" ({names}) VALUES ({marks})'
        self.delete = f'DELETE FROM "{name}" {where}'
        self._update = f'UPDATE "{name}" SET {{}} {where}'
        self._updates: dict[tuple[str, ...], str] = {}
        self.place: int = table.metadata.sorted_tables.index(table)
        self._seen: dict[Sequence[Any], dict[str, Any]] = {}

    def values(self, row: Sequence[Any]) -> dict[str, Any]:
        """The attributes of the object that stands for this row; most rows are read many times."""
        found = self._seen.get(row)
        if found is None:
            if len(self._seen) > _SEEN:
                self._seen.clear()
            found = self._seen[row] = {
                key: value if reads is None else reads(value)
                for key, reads, value in zip(self.keys, self.reads, row, strict=True)
            }
        return found

    def update(self, keys: tuple[str, ...]) -> str:
        """The statement that changes these attributes."""
        if keys not in self._updates:
            names = {key: column.name for key, column in zip(self.keys, self.columns, strict=True)}
            self._updates[keys] = self._update.format(", ".join(f'"{names[key]}" = ?' for key in keys))
        return self._updates[keys]

    def written(self, key: str, value: object) -> object:
        writes = self.writes[key]
        return value if writes is None else writes(value)


def _reads(of: Any) -> Processor:
    found: Processor = of._cached_result_processor(_DIALECT, None)
    return found


class Plan(NamedTuple):
    """How statements of one shape are carried out, and what each row becomes."""

    compiled: Any
    parts: list[Table | Processor]  # of each row: an object, or one value
    single: bool
    removes: type[SQLModel] | None


_tables: dict[type[SQLModel], Table] = {}
_plans: dict[object, Plan] = {}


def _table(cls: type[SQLModel]) -> Table:
    table = _tables.get(cls)
    if table is None:
        table = _tables[cls] = Table(cls)
    return table


def _plan(statement: Any, key: Any) -> Plan:
    compiled = statement.compile(dialect=_DIALECT, cache_key=key)
    if isinstance(statement, Delete | Update):
        return Plan(compiled, [], single=False, removes=statement.entity_description["entity"])
    whole: Any = statement.selects[0] if isinstance(statement, CompoundSelect) else statement
    described = whole.column_descriptions
    parts: list[Table | Processor] = []
    results = iter(compiled._result_columns)
    for each in described:
        if isinstance(each["expr"], type):
            table = _table(each["expr"])
            for column in table.columns:
                assert next(results).type is column.type, "Columns come in the order in which they are mapped."
            parts.append(table)
        else:
            parts.append(_reads(next(results).type))
    assert next(results, None) is None, statement
    return Plan(compiled, parts, single=len(parts) == 1, removes=None)


def _filled(compiled: Any, key: Any, params: dict[str, Any] | None) -> tuple[str, list[Any]]:
    """The statement as SQLite understands it, and its arguments."""
    text, order, processors = compiled.string, compiled.positiontup, compiled._bind_processors
    if not order:
        return text, []
    values = compiled.construct_params(params, extracted_parameters=key.bindparams, escape_names=False)
    if compiled.post_compile_params:  # "IN" has as many places as there are values
        expanded = compiled._process_parameters_for_postcompile(values)
        text, order = expanded.statement, expanded.positiontup
        values, processors = {**values, **expanded.additional_parameters}, {**processors, **expanded.processors}
    return text, [processors[name](values[name]) if name in processors else values[name] for name in order]


class Ledger:
    """A session on `connection`; only one that was begun may write."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._raw = connection
        self.info: dict[str, Any] = {}
        self._known: dict[Identity, SQLModel] = {}
        self._new: list[SQLModel] = []
        self._gone: dict[Identity, SQLModel] = {}
        self._flushes = True
        self._begun = False
        assert not connection.in_transaction, "Nobody sees what is not committed."

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        assert not self._raw.in_transaction

    @contextmanager
    def begin(self) -> Iterator[None]:
        self._raw.execute("BEGIN")
        self._begun = True
        try:
            yield
            self.flush()
        except BaseException:
            self._raw.execute("ROLLBACK")
            raise
        self._raw.execute("COMMIT")

    @property
    @contextmanager
    def no_autoflush(self) -> Iterator[None]:
        before, self._flushes = self._flushes, False
        try:
            yield
        finally:
            self._flushes = before

    def connection(self) -> "_Connection":
        return _Connection(self._raw)

    # Reading.

    def get(self, cls: type[SQLModel], key: object) -> Any:
        identity = (cls, (key,))
        if (known := self._known.get(identity)) is not None:
            return known
        self._before_asking()
        table = _table(cls)
        row = self._raw.execute(table.select, (key,)).fetchone()
        return None if row is None else self._object(table, row)

    def get_one(self, cls: type[SQLModel], key: object) -> Any:
        found = self.get(cls, key)
        if found is None:
            raise NoResultFound("No row was found when one was required")
        return found

    def exec(self, statement: Any, params: dict[str, Any] | None = None) -> Rows:
        key = statement._generate_cache_key()  # which a statement that is written down once remembers
        known_as, plan = statement.__dict__.get(_PLAN, _NO_PLAN)
        if known_as is not key:
            if (plan := _plans.get(key.key)) is None:
                plan = _plans[key.key] = _plan(statement, key)
            statement.__dict__[_PLAN] = key, plan
        self._before_asking()
        rows = self._raw.execute(*_filled(plan.compiled, key, params))
        if plan.removes is not None:
            self._forget(plan.removes)
            return Rows()
        if not plan.single:
            return Rows([self._many(plan.parts, row) for row in rows])
        [part] = plan.parts
        if isinstance(part, Table):
            return Rows([self._object(part, row) for row in rows])
        return Rows([row[0] if part is None else part(row[0]) for row in rows])

    execute = exec

    def _many(self, parts: Iterable[Table | Processor], row: Sequence[Any]) -> tuple[Any, ...]:
        values, at = [], 0
        for part in parts:
            if isinstance(part, Table):
                values.append(self._object(part, row[at : at + len(part.columns)]))
                at += len(part.columns)
            else:
                values.append(row[at] if part is None else part(row[at]))
                at += 1
        return tuple(values)

    def _object(self, table: Table, row: Sequence[Any]) -> Any:
        key = tuple([row[at] for at in table.key_at])
        if key[0] is None:
            return None  # the other side of an outer join
        identity = (table.cls, key)
        known = self._known.get(identity)
        if known is None:
            known = self._known[identity] = table.manager.new_instance()
            known.__dict__.update(table.values(row))
            _state(known).key = (table.cls, key, None)
        return known

    def _before_asking(self) -> None:
        if self._flushes and self._begun:
            self.flush()

    def _forget(self, cls: type[SQLModel]) -> None:
        for identity in [each for each in self._known if each[0] is cls]:
            del self._known[identity]

    # Writing.

    def add(self, row: SQLModel) -> None:
        assert self._begun, "A session that only reads cannot write."
        if _state(row).key is None:
            if not any(row is each for each in self._new):
                self._new.append(row)
            return
        identity = _identity(row)
        assert self._known.setdefault(identity, row) is row, "Another object stands for this row already."

    def delete(self, row: SQLModel) -> None:
        self.add(row)
        assert _state(row).key is not None, "What was never written cannot be deleted."
        self._gone[_identity(row)] = row

    def flush(self) -> None:
        changed = [
            each for identity, each in self._known.items() if _state(each).modified and identity not in self._gone
        ]
        if not (changed or self._new or self._gone):
            return
        for row in changed:
            self._change(row)
        new, self._new = self._new, []
        for row in sorted(new, key=_place):
            self._insert(row)
        gone, self._gone = self._gone, {}
        for identity, row in sorted(gone.items(), key=lambda each: -_place(each[1])):
            self._write(_table(type(row)).delete, identity[1], rows=1)
            del self._known[identity]

    def _change(self, row: SQLModel) -> None:
        state, table, values = _state(row), _table(type(row)), row.__dict__
        changed = tuple(sorted(key for key, before in state.committed_state.items() if values[key] != before))
        assert not set(table.key) & set(changed), "The key of a row never changes."
        if changed:
            written = [table.written(key, values[key]) for key in changed]
            self._write(table.update(changed), [*written, *_state(row).key[1]], rows=1)
        state._commit_all(values)

    def _insert(self, row: SQLModel) -> None:
        table, values = _table(type(row)), row.__dict__
        number = self._write(table.insert, [table.written(key, values[key]) for key in table.keys], rows=1)
        if values[table.key[0]] is None:
            values[table.key[0]] = number
        state = _state(row)
        state._commit_all(values)
        state.key = (table.cls, tuple([values[key] for key in table.key]), None)
        self._known[_identity(row)] = row

    def _write(self, text: str, arguments: Sequence[object], *, rows: int) -> int:
        try:
            cursor = self._raw.execute(text, arguments)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(text, arguments, error) from error
        if cursor.rowcount != rows:
            raise StaleDataError(f"{text} was to touch {rows} rows, and touched {cursor.rowcount}.")
        return cursor.lastrowid or 0


class _Connection:
    """As much of SQLAlchemy's connection as is used."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.dbapi_connection = raw

    @property
    def connection(self) -> "_Connection":
        return self

    def execute(self, statement: TextClause) -> Rows:
        return Rows(self.dbapi_connection.execute(statement.text))


def quick_init(*, self: SQLModel, data: dict[str, Any]) -> None:
    """What SQLModel does when an object of a table is made: set what is given, and the defaults of the rest."""
    values = self.__dict__
    for name, make in _defaults(type(self)):
        if name not in data:
            values[name] = make()
    values.update(data)
    object.__setattr__(self, "__pydantic_fields_set__", set(data))


@cache
def _defaults(cls: type[SQLModel]) -> list[tuple[str, Callable[[], Any]]]:
    assert hasattr(cls, "__table__"), f"{cls.__name__} has no table: it is to be validated."
    fields: list[tuple[str, Any]] = [each for each in cls.model_fields.items() if not each[1].is_required()]
    return [(name, field.default_factory or partial(deepcopy, field.default)) for name, field in fields]


def _state(row: SQLModel) -> Any:
    return row.__dict__["_sa_instance_state"]


def _identity(row: SQLModel) -> Identity:
    found: Identity = _state(row).key[:2]
    return found


def _place(row: SQLModel) -> int:
    return _table(type(row)).place
