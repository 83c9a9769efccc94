"""Migrations: they lead to the tables of today, and one that fails changes nothing and says so."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from db import models  # noqa: F401  (registers every table)
from db.errors import DatabaseUnusable
from db.migrate import check, migrate, pending


def test_the_migrations_lead_to_the_tables_that_the_program_works_with(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()
    assert differences == []


def test_the_number_of_an_event_is_never_used_again(database_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "wharf.db")) as connection:
        (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'event'").fetchone()
    assert "AUTOINCREMENT" in made, "op.batch_alter_table drops it, unless table_kwargs has sqlite_autoincrement"


def test_migrating_twice_does_nothing(database_url: str) -> None:
    migrate(database_url)
    assert pending(database_url) == []


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for ask in (migrate, pending):
        with pytest.raises(DatabaseUnusable, match=r"newer version of Wharfinger \(migration 9999\); upgrade"):
            ask(database_url)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wharf.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE deployment (in_the_way TEXT)"))
    with pytest.raises(DatabaseUnusable, match=r"wharf\.db could not be .*: table deployment already exists\. It is"):
        migrate(url)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    engine.dispose()
    assert tables == ["deployment"]


def test_what_an_empty_database_lacks_is_named_oldest_first(tmp_path: Path) -> None:
    assert pending(f"sqlite:///{tmp_path / 'none.db'}")[0] == "0001"


@pytest.mark.parametrize("ask", [migrate, pending, check])
def test_a_file_that_is_no_database_is_named_without_sql(ask: Callable[[str], object], tmp_path: Path) -> None:
    (tmp_path / "wharf.db").write_text("this is a shopping list, and long enough to be looked at. " * 20)
    with pytest.raises(DatabaseUnusable) as caught:
        ask(f"sqlite:///{tmp_path / 'wharf.db'}")
    assert str(caught.value) == (
        f"The database {tmp_path / 'wharf.db'} cannot be used: file is not a database. "
        "Restore it from a backup, or move it away to begin anew."
    )


def test_a_damaged_file_is_found_and_named(database_url: str, tmp_path: Path) -> None:
    check(database_url)
    damage(tmp_path / "wharf.db")
    with pytest.raises(DatabaseUnusable, match=r"wharf\.db (is damaged|cannot be used): .* Restore it"):
        check(database_url)


def test_a_database_that_somebody_else_holds_is_not_said_to_be_broken(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wharf.db'}?timeout=0.1"
    with closing(sqlite3.connect(tmp_path / "wharf.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnusable, match=r"database is locked\. Stop the other program"):
            pending(url)


def damage(file: Path) -> None:
    """Write over everything but the first page, which holds the names of the tables."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    whole = file.read_bytes()
    file.write_bytes(whole[:page] + b"\x55" * (len(whole) - page))
