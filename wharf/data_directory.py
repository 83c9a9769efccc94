"""The data directory: made for its owner alone, and worked with by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.errors import DatabaseUnusable
from wharf.settings import unusable

_NAME = "data_directory"


class DirectoryTaken(Exception):
    """Another server works with the data directory."""


def prepare(directory: Path) -> None:
    """Make the directory if it is not there, and keep others out. Raises `SettingsInvalid`."""
    with _usable(directory):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Have the directory for this process alone, until it leaves the context or dies in whatever way.

    Raises `DirectoryTaken` and `SettingsInvalid`.
    """
    with _usable(directory):
        lock = (directory / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DirectoryTaken(
                f"A server already works with the data directory {directory}. "
                "Stop the server first, or set WHARF_DATA_DIRECTORY to another directory."
            ) from error
        yield


def need_database(file: Path) -> None:
    """Raises `DatabaseUnusable` where there is none."""
    if not file.exists():
        raise DatabaseUnusable(
            f"There is no database at {file}: start the server first (wharf serve), "
            "or set WHARF_DATA_DIRECTORY to where it lies."
        )


@contextmanager
def _usable(directory: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise unusable(_NAME, str(directory), "it is not a directory") from error
    except OSError as error:
        raise unusable(_NAME, str(directory), str(error.strerror)) from error
