"""Copies of a database file: whole, sound, and made while others work with it."""

import os
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

_KEPT = 5
_BUSY_SECONDS = 15
_NAME = re.compile(r"\d{8}T\d{6}Z\.(?P<revision>\w+)\.backup")


class BackupFailed(Exception):
    """There is no copy, and nothing is left of the attempt. The sentence says why."""


def copy_database(source: Path, copy: Path) -> None:
    """Write the database at `source`, as it is at this moment, into a new file that only its owner may read.

    The copy is looked through, needs no file beside it, and is on the disk when this returns.
    Raises `BackupFailed`.
    """
    with _new_file(copy):
        # Not as a copy of bytes: what was written last may still lie in the log beside the file.
        with closing(_opened(source)) as reading, closing(_opened(copy)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
            (found,) = writing.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise BackupFailed(f"it is damaged: {' '.join(found.split())}")
        _flush(copy)


def back_up_beside(file: Path, revision: str) -> Path:
    """Copy the database beside itself, named by this moment and its revision, and forget the oldest such copies.

    One copy is kept of each revision, the newest, and five in all. Raises `BackupFailed`.
    """
    copy = file.with_name(f"{file.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{revision}.backup")
    partial = file.with_name(f"{file.name}.partial-backup")
    partial.unlink(missing_ok=True)  # of a process that was killed
    copy_database(file, partial)
    partial.rename(copy)
    _flush(file.parent)
    for old in _to_forget(_backups(file), copy, revision):
        old.unlink(missing_ok=True)
    return copy


def newest_backup(file: Path, revisions: Collection[str]) -> Path | None:
    """The copy beside `file` that was made last at one of these revisions."""
    backups = _backups(file)
    return max((copy for copy in backups if backups[copy] in revisions), default=None)


def _backups(file: Path) -> dict[Path, str]:
    """The copies beside `file`, each with its revision."""
    found = {path: _NAME.fullmatch(path.name.removeprefix(f"{file.name}.")) for path in file.parent.iterdir()}
    return {path: match["revision"] for path, match in found.items() if match}


def _to_forget(backups: dict[Path, str], newest: Path, revision: str) -> Iterator[Path]:
    # A migration that fails at each of many starts must push out no copy but its own.
    yield from (copy for copy in backups if backups[copy] == revision and copy != newest)
    others = sorted(copy for copy in backups if backups[copy] != revision)
    yield from others[: max(0, len(others) - (_KEPT - 1))]


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    """An empty file of our own at `path`, which is gone again when what is done with it fails."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"{error.strerror}: {path}") from error
    try:
        yield
    except BaseException as error:  # also when the process is told to end: half a copy is none
        path.unlink(missing_ok=True)
        if isinstance(error, OSError | sqlite3.Error):
            raise BackupFailed(str(error)) from error
        raise


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
