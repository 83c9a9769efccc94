"""Why the database cannot be worked with, as a sentence that says what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

BEGIN_ANEW = "Restore it from a backup, or move it away to begin anew."
_ADVICE = {
    "SQLITE_BUSY": "Stop the other program that uses it.",
    "SQLITE_CANTOPEN": "It must be a file that this user may write, in a directory that exists.",
    "SQLITE_FULL": "Make room on its disk.",
    "SQLITE_IOERR": "Look after its disk.",
    "SQLITE_READONLY": "This user must be allowed to write to it and to its directory.",
    "SQLITE_CORRUPT": BEGIN_ANEW,
    "SQLITE_NOTADB": BEGIN_ANEW,
}
"""What is the fault of a file, a disk or another program, by SQLite's name for it."""


class DatabaseUnusable(Exception):
    """The database cannot be worked with. The sentence names the file and says what to do.

    `busy`: another program holds it, and may let it go.
    """

    def __init__(self, sentence: str, *, busy: bool = False) -> None:
        super().__init__(sentence)
        self.busy = busy


def unusable(url: str, reason: object, advice: str, *, busy: bool = False) -> DatabaseUnusable:
    """The error about the database at `url`, with this reason."""
    return DatabaseUnusable(f"The database {database_file(url)} cannot be used: {reason}. {advice}", busy=busy)


@contextmanager
def database_errors(url: str) -> Iterator[None]:
    """Raises whatever the database at `url` says no to inside as `DatabaseUnusable`, in SQLite's own words."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise _refused(url, error, advice_on(error) or BEGIN_ANEW) from error


class Outages:
    """As `database_errors`, for a program that runs: what is our own mistake is raised as it is."""

    # No generator: around each statement, one would take as long as a small query.
    __slots__ = ("_reading", "_url")

    def __init__(self, url: str, *, reading: bool) -> None:
        self._url = url
        self._reading = reading

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DBAPIError | sqlite3.Error):
            sneaked = self._reading and _name(error) == "SQLITE_READONLY"
            if not sneaked and (advice := advice_on(error)):
                raise _refused(self._url, error, advice) from error


def database_file(url: str) -> str:
    return make_url(url).database or ":memory:"


def advice_on(error: Exception) -> str | None:
    """What to do about an error of the database, or of SQLite itself; None where it is no fault of theirs."""
    return next((advice for prefix, advice in _ADVICE.items() if _name(error).startswith(prefix)), None)


def _refused(url: str, error: Exception, advice: str) -> DatabaseUnusable:
    return unusable(url, _of_sqlite(error), advice, busy=_name(error).startswith("SQLITE_BUSY"))


def _name(error: Exception) -> str:
    return str(getattr(_of_sqlite(error), "sqlite_errorname", ""))


def _of_sqlite(error: Exception) -> object:
    """What SQLite itself raised; statements that go past SQLAlchemy raise it as it is."""
    return getattr(error, "orig", error)
