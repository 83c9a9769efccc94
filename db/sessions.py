"""Reading and writing the database: one function, one short transaction.

Work with the database is a plain function of a `Session`. `read` runs it on a connection that cannot
write, inline, because a short read of a local SQLite file costs less than handing it to a thread.
`write` runs it in the only thread that may write, inside BEGIN IMMEDIATE, so that read-then-write is
never undone by somebody else's write in between.

A disk that is full, a file that is locked or gone are outages: each is logged once when it begins and once
when it is over, and what is asked meanwhile ends in `DatabaseUnusable` after at most 15 seconds.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlmodel import Session, create_engine

from db.checkpoints import LOG_PAGES, Checkpoints
from db.errors import DatabaseUnusable, Outages, unusable
from db.stored import Statement, Stored

P = ParamSpec("P")
T = TypeVar("T")

Listener = Callable[[list[object]], None]

Around = Callable[[str, Callable[..., object]], AbstractContextManager[object]]
"""Given "read" or "write" and the function: what is entered around the transaction."""

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 15  # from the call of `write`, for another program to let the file go
_MOST_KEPT = 10_000
_BUSY_SECONDS = 1  # of them at a time in SQLite's own waiting; a read, which holds up everything, gets no more


class Sessions:
    """The database at `url` ("sqlite:////path/to/file.db"), opened for one process.

    `attribute` is called in the task that writes, and says in whose name: each transaction finds it under "by" in the
    `info` of its session, which is of the class `writing`. `around` is for whoever times transactions.
    """

    def __init__(
        self,
        url: str,
        attribute: Callable[[], object] = lambda: None,
        writing: type[Session] = Session,
        around: Around = lambda _kind, _work: nullcontext(),
    ) -> None:
        self.url = url
        self._attribute = attribute
        self._writing = writing
        self._around = around
        self._asked = self._done = 0  # writes; each is counted by one thread only
        self._newest: asyncio.Future[Any] | None = None  # write
        self.committed_at: float | None = None
        """While listeners are called: when what they are told was committed, by `time.perf_counter`."""
        parsed = make_url(url)
        self._reader = _reading_engine(parsed)
        self._changes = Changes(self._reader)
        self._kept: dict[Hashable, Any] = {}
        self._writer = writing_engine(parsed)
        self._checkpoints = Checkpoints(self._reader)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database-writer")
        self._listeners: list[Listener] = []
        self._opened = _identity(parsed)
        self._outage: DatabaseUnusable | None = None
        self.stumbled = asyncio.Event()
        """Set when a write has failed because of an outage."""

    def on_commit(self, listener: Listener) -> None:
        """Have `listener` called in the event loop, in the order of commits, with what `tell` was given."""
        self._listeners.append(listener)

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `query(session, …)` returns. Whatever leaves must be loaded: nothing lazy works afterwards."""
        return self.read_now(query, *args, **kwargs)

    def read_now(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for callers that are not coroutines."""
        with (
            self._around("read", query),
            Outages(self.url, reading=True),
            Session(self._reader, expire_on_commit=False) as session,
        ):
            return query(session, *args, **kwargs)

    def rows_now(self, statement: Statement, **values: object) -> list[Stored]:
        """What the statement finds with these values: one query past SQLAlchemy, which alone would cost as much."""
        with Outages(self.url, reading=True):
            return statement.rows(self._changes.connection, values)

    @property
    def dialect(self) -> Dialect:
        """For which statements are compiled."""
        return self._reader.dialect

    def read_kept(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read_now`; and again what was found, until something was committed by anybody, in whatever process.

        All who ask get the same object, which none of them may change. The arguments can be hashed, and what is found
        depends on them and on the rows alone.
        """
        with Outages(self.url, reading=True):
            if self._changes.happened() or len(self._kept) > _MOST_KEPT:
                self._kept.clear()
        key = (query, args, *kwargs.items())
        if key not in self._kept:
            self._kept[key] = self.read_now(query, *args, **kwargs)
        found: T = self._kept[key]
        return found

    async def write(self, change: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `change(session, …)` returns, after it was committed; rolled back whole if it raises.

        A caller that is cancelled meanwhile does not undo it: the transaction runs to its end. Raises
        `DatabaseUnusable`, at once or, where another program holds the file, after 15 seconds.
        """
        loop = asyncio.get_running_loop()
        deadline, by = time.monotonic() + PATIENCE_SECONDS, self._attribute()

        def transaction() -> tuple[T, list[object]]:
            with self._writing(self._writer, expire_on_commit=False, info={"by": by}) as session:
                with session.begin():
                    before = _rows_changed(session)
                    result = change(session, *args, **kwargs)
                    session.flush()
                    wrote = _rows_changed(session) > before
                if wrote:  # what only looks succeeds on a full disk too
                    self._note_end()
                    self._checkpoints.committed()
                return result, session.info.get("notes", [])

        def run() -> T:
            try:
                result, notes = self._insist(transaction, deadline)
            except DatabaseUnusable:
                loop.call_soon_threadsafe(self.stumbled.set)
                raise
            finally:
                self._done += 1
            if notes:
                loop.call_soon_threadsafe(self._tell, notes, time.perf_counter())
            return result

        self._asked += 1
        with self._around("write", change):
            self._newest = written = loop.run_in_executor(self._thread, run)
            return await written

    async def written(self, within: float) -> None:
        """Wait until all that is asked for now is written, or so many seconds."""
        if self._newest:
            await asyncio.wait((self._newest,), timeout=within)

    @property
    def writes_waiting(self) -> int:
        """How many writes have begun or wait for their turn."""
        return self._asked - self._done

    async def reach_disk(self) -> None:
        """What was committed is on the disk when this returns, and outlives the loss of power too."""
        # A commit leaves that to the next checkpoint. To close the database's own file here would lose its locks.
        await asyncio.get_running_loop().run_in_executor(self._thread, _sync, f"{self._writer.url.database}-wal")

    def _insist(self, transaction: Callable[[], T], deadline: float) -> T:
        """What `transaction` returns, as soon as nobody else holds the file."""
        while True:
            # Whoever has waited behind others long enough must not wait as long again.
            if self._outage and time.monotonic() > deadline:
                raise DatabaseUnusable(str(self._outage))
            try:
                with Outages(self.url, reading=False):
                    self._must_be_there()
                    result = transaction()
            except DatabaseUnusable as error:
                self._note_outage(error)
                if not error.busy:
                    raise
            else:
                return result

    def _must_be_there(self) -> None:
        # SQLite would write on into a file that has no name any more, and all of it would be lost.
        if _identity(self._writer.url) != self._opened:
            raise unusable(self.url, "it was moved, removed or replaced", "Put it back, or restart the server.")

    def _note_outage(self, error: DatabaseUnusable) -> None:
        if str(error) != str(self._outage):
            log.error("%s", error)
        self._outage = error

    def _note_end(self) -> None:
        if self._outage:
            log.info("The database can be used again.")
        self._outage = None

    def _tell(self, notes: list[object], committed_at: float) -> None:
        self.committed_at = committed_at
        try:
            for listener in self._listeners:
                listener(notes)
        finally:
            self.committed_at = None

    def close(self) -> None:
        """Finish the write that is under way, then let go of the file."""
        self._thread.shutdown(wait=True)
        self._checkpoints.close()
        self._changes.close()
        self._writer.dispose()
        self._reader.dispose()


class Changes:
    """Whether anything was committed to the database of an engine, by whatever process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._version: object = None

    @property
    def connection(self) -> Any:
        """The driver's, which nothing is ever changed by."""
        if self._connection is None:
            # One that nobody else has: the number that SQLite counts up is a connection's own.
            self._connection = self._engine.raw_connection()
        return self._connection.driver_connection

    def happened(self) -> bool:
        """Whether something was since the last call. Costs some microseconds."""
        before = self._version
        (self._version,) = self.connection.execute("PRAGMA data_version").fetchone()
        return self._version != before

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def tell(session: Session, note: object) -> None:
    """Hand `note` to the listeners once, and only if, this transaction is committed."""
    session.info.setdefault("notes", []).append(note)


def _rows_changed(session: Session) -> int:
    """How many rows were changed on this connection since it was opened."""
    driver: Any = session.connection().connection.dbapi_connection
    return int(driver.total_changes)


def _sync(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # a checkpoint has taken all of it to the disk
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _identity(url: URL) -> tuple[int, int] | None:
    """Which file this is, whatever its name; None where there is none."""
    try:
        found = os.stat(url.database or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino


def writing_engine(url: URL, *, foreign_keys: bool = True, patience: int = _BUSY_SECONDS) -> Engine:
    """The database opened for writing; each transaction holds the only write lock from its first statement on.

    Another program gets `patience` seconds to let it go.
    """
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connect(connection: object, _record: object) -> None:
        keys = f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}"
        log_pages = f"PRAGMA wal_autocheckpoint={LOG_PAGES}"
        _prepare(connection, patience, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", log_pages, keys)

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        _execute(connection, "BEGIN IMMEDIATE")

    return engine


def _reading_engine(url: URL) -> Engine:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connect(connection: object, _record: object) -> None:
        _prepare(connection, _BUSY_SECONDS, "PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        _execute(connection, "BEGIN")

    return engine


def _execute(connection: Any, statement: str) -> None:
    # Past SQLAlchemy, whose way would cost each transaction as much as one of its queries.
    connection.connection.driver_connection.execute(statement)


def _prepare(connection: Any, patience: int, *pragmas: str) -> None:
    # The driver's own transaction handling begins at the first write only, which loses updates.
    connection.isolation_level = None
    for pragma in (f"PRAGMA busy_timeout={patience * 1000}", *pragmas):
        connection.execute(pragma)
