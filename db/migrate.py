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
from sqlalchemy.exc import DBAPIError

from db.sessions import writing_engine

_SCRIPTS = Path(__file__).with_name("migrations")

_BEGIN_ANEW = "Restore it from a backup, or move it away to begin anew."
_ADVICE = {
    "SQLITE_BUSY": "Stop the other program that uses it.",
    "SQLITE_CANTOPEN": "It must be a file that this user may write, in a directory that exists.",
    "SQLITE_FULL": "Make room on its disk.",
    "SQLITE_READONLY": "This user must be allowed to write to it and to its directory.",
}


class DatabaseUnusable(Exception):
    """The database cannot be worked with. The sentence names the file and says what to do."""


@contextmanager
def database_errors(url: str) -> Iterator[None]:
    """Raises what the database at `url` says no to inside as `DatabaseUnusable`, in SQLite's own words."""
    try:
        yield
    except DBAPIError as error:
        name = getattr(error.orig, "sqlite_errorname", "")
        advice = next((advice for prefix, advice in _ADVICE.items() if name.startswith(prefix)), _BEGIN_ANEW)
        raise DatabaseUnusable(f"The database {_file(url)} cannot be used: {error.orig}. {advice}") from error


def migrate(url: str) -> None:
    """Apply every migration that the database at `url` lacks, all in one transaction.

    Raises `DatabaseUnusable`, having changed nothing, when one of them fails or when the database was
    written by a newer version of the program.
    """
    # A table that is copied to change a column is dropped on the way: its references must not notice.
    engine = writing_engine(make_url(url), foreign_keys=False)
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
        raise DatabaseUnusable(f"The database {_file(url)} is damaged: {' '.join(found.split())}. {_BEGIN_ANEW}")


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
            f"The database {_file(url)} was written by a newer version of Wharfinger (migration {unknown}); "
            "upgrade the program."
        )
    return known[known.index(applied[0]) + 1 :] if applied else known


def _file(url: str) -> str:
    return make_url(url).database or ":memory:"
