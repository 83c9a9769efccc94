"""As many of everything as are wanted, made of what there is: rows are copied until each table has so many more."""

import re
import sqlite3
from collections.abc import Iterator

from db.models.columns import new_id

_CLASH = re.compile(r"UNIQUE constraint failed: (.+)")
# Of which there is one, or which belong to something that is copied.
_LEFT_OUT = {"instance", "alembic_version", "sqlite_sequence", "event", "server"}


def multiply(database: sqlite3.Connection, count: int) -> None:
    """Copy the first row of each table so often. The copies belong to what the first row belongs to."""
    for table in list(_tables(database)):
        for number in range(count):
            _copy_first(database, table, number)
    database.commit()


def _tables(database: sqlite3.Connection) -> Iterator[str]:
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        keys = [column for _, column, *_, place in database.execute(f"PRAGMA table_info({name})") if place]
        if keys == ["id"] and name not in _LEFT_OUT:
            yield name


def _copy_first(database: sqlite3.Connection, table: str, number: int) -> None:
    cursor = database.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1")
    if (first := cursor.fetchone()) is not None:
        _insert(database, table, dict(zip([each[0] for each in cursor.description], first, strict=True)), number)


def _insert(database: sqlite3.Connection, table: str, row: dict[str, object], number: int) -> str:
    """The id of a copy of this row, which differs where two rows must."""
    key = new_id()
    row = row | {"id": key}
    names, places = ", ".join(f'"{name}"' for name in row), ", ".join("?" for _ in row)
    while True:
        try:
            database.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))
        except sqlite3.IntegrityError as clash:
            if not (found := _CLASH.match(str(clash))):
                raise
            row |= _different(database, table, row, [each.split(".")[1] for each in found[1].split(", ")], number)
        else:
            return key


def _different(
    database: sqlite3.Connection, table: str, row: dict[str, object], columns: list[str], number: int
) -> dict[str, object]:
    """Another value for one of the columns that clash: a name of its own, or a copy of what is referred to."""
    keys = {each[3]: each[2] for each in database.execute(f"PRAGMA foreign_key_list({table})")}
    for column in columns:
        if column not in keys:
            value = row[column]
            return {column: value + 1 + number if isinstance(value, int) else f"{value}-{new_id()[-6:]}"}
    column = columns[-1]
    cursor = database.execute(f"SELECT * FROM {keys[column]} WHERE id = ?", [row[column]])
    values = dict(zip([each[0] for each in cursor.description], cursor.fetchone(), strict=True))
    return {column: _insert(database, keys[column], values, number)}
