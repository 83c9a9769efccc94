"""The data directory: made for its owner alone, and worked with by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from db.errors import DatabaseUnusable
from db.migrate import pending
from wharf.settings import Settings, unusable


class DirectoryTaken(Exception):
    """Another server works with the data directory, or with the database."""


def prepare(directory: Path) -> None:
    """Make the directory if it is not there, and keep others out. Raises `SettingsInvalid`."""
    with _usable(directory):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)


@contextmanager
def held(directory: Path, database: Path) -> Iterator[None]:
    """Have the directory and the database for this process alone, until it leaves the context or dies somehow.

    Raises `DirectoryTaken` and `SettingsInvalid`.
    """
    with _usable(directory):
        lock = (directory / "lock").open("w")
    sentence = (
        f"A server already works with the data directory {directory}. "
        "Stop the server first, or set WHARF_DATA_DIRECTORY to another directory."
    )
    with _locked(lock, sentence), _database_held(directory, database):
        yield


def need_database(file: Path) -> None:
    """Raises `DatabaseUnusable` where there is none."""
    if not file.exists():
        raise DatabaseUnusable(
            f"There is no database at {file}: start the server first (wharf serve), "
            "or set WHARF_DATA_DIRECTORY to where it lies."
        )


def need_current_database(settings: Settings) -> None:
    """Raises `DatabaseUnusable` where there is none, or one that this version of the program has yet to migrate."""
    # To make or to migrate one here could happen in a wrong directory, or under a server that runs.
    need_database(settings.database_file)
    if pending(settings.database):
        raise DatabaseUnusable(
            f"The database {settings.database_file} is not up to date: start the server first (wharf serve)."
        )


@contextmanager
def _database_held(directory: Path, database: Path) -> Iterator[None]:
    # The lock on a data directory says nothing of a database elsewhere; without its directory there is none.
    if database.parent == directory or not database.parent.is_dir():
        yield
        return
    with _usable(database.parent, "database_url"):
        lock = database.with_name(f"{database.name}.lock").open("w")
    sentence = (
        f"A server already works with the database {database}. "
        "Stop the server first, or set WHARF_DATABASE_URL to another file."
    )
    with _locked(lock, sentence):
        yield


@contextmanager
def _locked(lock: TextIO, sentence: str) -> Iterator[None]:
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DirectoryTaken(sentence) from error
        yield


@contextmanager
def _usable(directory: Path, setting: str = "data_directory") -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise unusable(setting, str(directory), "it is not a directory") from error
    except OSError as error:
        raise unusable(setting, str(directory), str(error.strerror)) from error
