"""Bringing a database file to the shape that this version of the program works with."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from db.sessions import writing_engine

_SCRIPTS = Path(__file__).with_name("migrations")


class MigrationFailed(Exception):
    """The database could not be brought up to date; nothing may be served from it."""


def migrate(url: str) -> None:
    """Apply every migration that the database at `url` lacks, all in one transaction.

    Raises `MigrationFailed`, having changed nothing, when one of them fails or when the database was
    written by a newer version of the program.
    """
    # A table that is copied to change a column is dropped on the way: its references must not notice.
    engine = writing_engine(make_url(url), foreign_keys=False)
    try:
        with engine.begin() as connection:
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (SQLAlchemyError, CommandError) as error:
        raise MigrationFailed(f"The database could not be migrated: {error}") from error
    finally:
        engine.dispose()


def pending(url: str) -> list[str]:
    """The names of the migrations that the database at `url` still lacks, oldest first."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(configuration())
        return [script.revision for script in scripts.iterate_revisions("head", current or "base")][::-1]
    finally:
        engine.dispose()


def configuration() -> Config:
    config = Config()
    # A "%" in the path would otherwise be read as an interpolation.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
