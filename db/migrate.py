"""Bringing a database file to the shape that this version of the program works with, and saying why it cannot be."""

import logging
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

from db.backup import BackupFailed, back_up_beside, newest_backup
from db.errors import BEGIN_ANEW, DatabaseUnusable, advice_on, database_errors, database_file
from db.sessions import PATIENCE_SECONDS, writing_engine

log = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).with_name("migrations")

_GO_BACK = "Go back to the version of Wharfinger that worked with it, and report this."


def migrate(url: str) -> None:
    """Apply every migration that the database at `url` lacks, all in one transaction, after copying it beside itself.

    Raises `DatabaseUnusable`, having changed nothing, when it cannot be copied, when a migration fails or when the
    database was written by a newer version of the program.
    """
    # A table that is copied to change a column is dropped on the way: its references must not notice.
    engine = writing_engine(make_url(url), foreign_keys=False, patience=PATIENCE_SECONDS)
    try:
        with database_errors(url), engine.begin() as connection:
            if lacking := _lacking(connection, url):
                _upgrade(connection, url, lacking)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, url: str, lacking: list[str]) -> None:
    # The transaction holds the write lock already: nothing is written between the copy and the migration.
    backup = _backed_up(connection, url)
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        _check_references(connection)
    except Exception as error:  # a migration is code, and may fail in any way
        reason = error.orig if isinstance(error, DBAPIError) else error
        kept = f"; {backup} is a copy of it" if backup else ""
        raise DatabaseUnusable(
            f"The database {database_file(url)} could not be migrated to {lacking[-1]}: {reason}. "
            f"It is as it was before{kept}. {advice_on(error) or _GO_BACK}"
        ) from error
    if backup:
        log.info("Migrated the database to %s; as it was before it is kept as %s.", lacking[-1], backup)


def _backed_up(connection: Connection, url: str) -> Path | None:
    """Where the database was copied to; None when it was never ours, and so has nothing to lose."""
    if (revision := _revision(connection)) is None:
        return None
    file = Path(database_file(url))
    try:
        return back_up_beside(file, revision)
    except BackupFailed as error:
        size = file.stat().st_size / 1024**2
        raise DatabaseUnusable(
            f"The database {file} has to be migrated and could not be backed up first: {error}. Nothing was changed. "
            f"The copy takes {size:.1f} MiB in the same directory."
        ) from error


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise ValueError(f"{len(broken)} row(s) of {tables} would refer to what is not there")


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
    applied = _revision(connection)
    if applied is None:
        return known
    if applied not in known:
        raise DatabaseUnusable(_too_new(Path(database_file(url)), applied, known))
    return known[known.index(applied) + 1 :]


def _too_new(file: Path, applied: str, known: list[str]) -> str:
    sentence = f"The database {file} was written by a newer version of Wharfinger (migration {applied}); "
    if backup := newest_backup(file, known):
        return f"{sentence}upgrade the program, or go back to {backup}, which lacks what was written since."
    return f"{sentence}upgrade the program."


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
