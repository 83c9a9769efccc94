"""Bringing a database file to the shape that this version of the program works with, and saying why it cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from db.errors import BEGIN_ANEW, DatabaseUnusable, database_errors, database_file
from db.sessions import PATIENCE_SECONDS, writing_engine

_SCRIPTS = Path(__file__).with_name("migrations")


def migrate(url: str) -> None:
    """Apply every migration that the database at `url` lacks, all in one transaction.

    Raises `DatabaseUnusable`, having changed nothing, when one of them fails or when the database was
    written by a newer version of the program.
    """
    # A table that is copied to change a column is dropped on the way: its references must not notice.
    engine = writing_engine(make_url(url), foreign_keys=False, patience=PATIENCE_SECONDS)
    try:
        with database_errors(url), engine.begin() as connection:
            if _lacking(connection, url):
                config = configuration()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    finally:
        engine.dispose()


def pending(url: str) -> list[str]:
    """The names of the migrations that the database at `url` still lacks, oldest first.

    Raises `DatabaseUnusable`.
    """
    with _reading(url) as connection:
        return _lacking(connection, url)


def check(url: str) -> None:
    """Look through the whole file of the database at `url`. Raises `DatabaseUnusable` when it is damaged."""
    with _reading(url) as connection:
        found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if found != "ok":
        raise DatabaseUnusable(
            f"The database {database_file(url)} is damaged: {' '.join(found.split())}. {BEGIN_ANEW}"
        )


def configuration() -> Config:
    config = Config()
    # A "%" in the path would otherwise be read as an interpolation.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with database_errors(url), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _lacking(connection: Connection, url: str) -> list[str]:
    newest_first = ScriptDirectory.from_config(configuration()).walk_revisions()
    known = [script.revision for script in newest_first][::-1]
    applied = MigrationContext.configure(connection).get_current_heads()
    for unknown in set(applied).difference(known):
        raise DatabaseUnusable(
            f"The database {database_file(url)} was written by a newer version of Wharfinger (migration {unknown}); "
            "upgrade the program."
        )
    return known[known.index(applied[0]) + 1 :] if applied else known
