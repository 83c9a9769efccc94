"""Bringing what was committed out of SQLite's log into the file itself, while others go on writing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from sqlite3 import OperationalError as DriverError
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

_COMMITS = 100
LOG_PAGES = 4_000  # of 4 KiB


class Checkpoints:
    """One for every hundred commits, on a thread of its own.

    SQLite would make one within each commit that finds a thousand pages in the log, and have whoever waits for that
    commit wait for the disk, twice. It still does so at `LOG_PAGES`, to which the log grows only while somebody
    always writes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._commits = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database-checkpoint")

    def committed(self) -> None:
        """Something was; called by the thread that writes."""
        self._commits += 1
        if self._commits >= _COMMITS:
            self._commits = 0
            self._thread.submit(self._make)

    def close(self) -> None:
        """Finish the one that is under way."""
        self._thread.shutdown(wait=True)

    def _make(self) -> None:
        # Whatever is wrong with the disk, the next to write meets it too, and says so.
        with suppress(DriverError, OperationalError):
            connection = self._engine.raw_connection()
            try:
                driver: Any = connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            finally:
                connection.close()
