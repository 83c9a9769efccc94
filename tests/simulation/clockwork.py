"""What makes a schedule repeat exactly: ids and moments from the simulation, databases that open at once."""

import functools
import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import sqlmodel.main

import db.models.columns
import db.sessions
import engine.audit
import engine.events
from db.migrate import migrate
from engine.key_ring import KEY_FILE
from tests.simulation.ledger import Ledger, quick_init

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
        (self.directory / KEY_FILE).write_bytes(bytes(range(32)))  # revisions are told apart by it, in traces too
        migrate(self.url)
        self._empty = self.database.read_bytes()

    def fresh(self, content: bytes | None = None) -> None:
        """Begin with an empty database, or with `content`."""
        for suffix in ("-wal", "-shm"):
            Path(f"{self.database}{suffix}").unlink(missing_ok=True)
        self.database.write_bytes(content or self._empty)

    def content(self) -> bytes:
        """All that the database holds, while nobody writes."""
        return self.database.read_bytes()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Within this, the engine finds its database here."""
        with lasting_engines():
            yield

    def close(self) -> None:
        shutil.rmtree(self.directory)


class QuickWorkshop(Workshop):
    """The same, for schedules by the thousand: the database is in memory, and reached past SQLAlchemy's session."""

    def __init__(self) -> None:
        super().__init__()
        with closing(sqlite3.connect(self.database)) as file:
            file.execute("PRAGMA journal_mode=DELETE")  # SQLite has no other in memory
            file.execute("PRAGMA page_size=512")
            file.execute("VACUUM")  # many tables with few rows: copies of it are smaller by far
        self._empty = self.database.read_bytes()
        self._memory = sqlite3.connect(":memory:", isolation_level=None, cached_statements=1000)
        self._memory.execute("PRAGMA foreign_keys=ON")

    def fresh(self, content: bytes | None = None) -> None:
        self._memory.deserialize(content or self._empty)

    def content(self) -> bytes:
        return self._memory.serialize()

    @contextmanager
    def open(self) -> Iterator[None]:
        def session(_engine: object, info: dict[str, Any] | None = None, **_: object) -> Ledger:
            assert not info or info["by"] is None, "Nobody acts here, whose deeds would be written down."
            return Ledger(self._memory)

        def reached(url: object) -> Any:
            return SimpleNamespace(url=url, dispose=lambda: None)

        with (
            mock.patch.object(db.sessions, "writing_engine", reached),
            mock.patch.object(db.sessions, "_reading_engine", reached),
            mock.patch.object(db.sessions, "Session", session),
            mock.patch.object(engine.audit, "AuditedSession", session),
            mock.patch.object(sqlmodel.main, "sqlmodel_init", quick_init),
        ):
            yield

    def close(self) -> None:
        self._memory.close()
        super().close()
