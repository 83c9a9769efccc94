"""What makes a schedule repeat exactly: ids and moments from the simulation, databases that open at once."""

import functools
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from unittest import mock

import db.models.columns
import db.sessions
import engine.events
from db.migrate import migrate

_MEMORY = Path("/dev/shm")


class _Moments:
    """Stands in for `datetime` where rows get their time stamps."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self, _zone: tzinfo) -> datetime:
        return self._now()


def _counted(numbers: Iterator[int]) -> str:
    return f"{next(numbers):026d}"


@contextmanager
def clockwork(now: Callable[[], datetime], first_id: int = 1) -> Iterator[Iterator[int]]:
    """Within this, ids are counted and moments are the simulation's."""
    numbers = itertools.count(first_id)
    with (
        mock.patch.object(db.models.columns, "datetime", _Moments(now)),
        mock.patch.object(db.models.columns, "ULID", functools.partial(_counted, numbers)),
        # Nobody else writes into the simulated database; looking once a second would be most of what happens.
        mock.patch.object(engine.events, "_OTHERS_SECONDS", 30.0),
    ):
        yield numbers


@contextmanager
def lasting_engines() -> Iterator[None]:
    """Within this, SQLAlchemy keeps what it has compiled from one opening of a database to the next."""
    with (
        mock.patch.object(db.sessions, "writing_engine", cache(db.sessions.writing_engine)),
        mock.patch.object(db.sessions, "_reading_engine", cache(db.sessions._reading_engine)),
    ):
        yield


class Workshop:
    """A directory in memory, where there is one, with a migrated database that each schedule gets a copy of."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="wharf-sim-", dir=_MEMORY if _MEMORY.is_dir() else None))
        self.database = self.directory / "wharf.db"
        self.url = f"sqlite:///{self.database}"
        migrate(self.url)
        self._empty = self.database.read_bytes()

    def fresh(self, content: bytes | None = None) -> None:
        """Begin with an empty database, or with `content`."""
        for suffix in ("-wal", "-shm"):
            Path(f"{self.database}{suffix}").unlink(missing_ok=True)
        self.database.write_bytes(content or self._empty)

    def close(self) -> None:
        shutil.rmtree(self.directory)
