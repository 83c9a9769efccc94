"""Migrations: they lead to the tables of today, and one that fails changes nothing and says so."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from db import models  # noqa: F401  (registers every table)
from db.migrate import MigrationFailed, migrate, pending


def test_the_migrations_lead_to_the_tables_that_the_program_works_with(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()
    assert differences == []


def test_migrating_twice_does_nothing(database_url: str) -> None:
    migrate(database_url)
    assert pending(database_url) == []


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(MigrationFailed, match="9999"):
        migrate(database_url)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wharf.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE deployment (in_the_way TEXT)"))
    with pytest.raises(MigrationFailed, match="deployment"):
        migrate(url)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    engine.dispose()
    assert tables == ["deployment"]


def test_what_an_empty_database_lacks_is_named_oldest_first(tmp_path: Path) -> None:
    assert pending(f"sqlite:///{tmp_path / 'none.db'}")[0] == "0001"
