"""Reading and writing the database: one function, one short transaction.

Work with the database is a plain function of a `Session`. `read` runs it on a connection that cannot
write, inline, because a short read of a local SQLite file costs less than handing it to a thread.
`write` runs it in the only thread that may write, inside BEGIN IMMEDIATE, so that read-then-write is
never undone by somebody else's write in between.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url
from sqlmodel import Session, create_engine

P = ParamSpec("P")
T = TypeVar("T")

Listener = Callable[[list[object]], None]

_BUSY_SECONDS = 15


class Sessions:
    """The database at `url` ("sqlite:////path/to/file.db"), opened for one process."""

    def __init__(self, url: str) -> None:
        self.url = url
        parsed = make_url(url)
        self._reader = _reading_engine(parsed)
        self._writer = writing_engine(parsed)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database-writer")
        self._listeners: list[Listener] = []

    def on_commit(self, listener: Listener) -> None:
        """Have `listener` called in the event loop, in the order of commits, with what `tell` was given."""
        self._listeners.append(listener)

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `query(session, …)` returns. Whatever leaves must be loaded: nothing lazy works afterwards."""
        return self.read_now(query, *args, **kwargs)

    def read_now(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for callers that are not coroutines."""
        with Session(self._reader, expire_on_commit=False) as session:
            return query(session, *args, **kwargs)

    async def write(self, change: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `change(session, …)` returns, after it was committed; rolled back whole if it raises.

        A caller that is cancelled meanwhile does not undo it: the transaction runs to its end.
        """
        loop = asyncio.get_running_loop()

        def run() -> T:
            with Session(self._writer, expire_on_commit=False) as session:
                with session.begin():
                    result = change(session, *args, **kwargs)
                notes = session.info.get("notes")
            if notes:
                loop.call_soon_threadsafe(self._tell, notes)
            return result

        return await loop.run_in_executor(self._thread, run)

    def _tell(self, notes: list[object]) -> None:
        for listener in self._listeners:
            listener(notes)

    def close(self) -> None:
        """Finish the write that is under way, then let go of the file."""
        self._thread.shutdown(wait=True)
        self._writer.dispose()
        self._reader.dispose()


def tell(session: Session, note: object) -> None:
    """Hand `note` to the listeners once, and only if, this transaction is committed."""
    session.info.setdefault("notes", []).append(note)


def writing_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """The database opened for writing; each transaction holds the only write lock from its first statement on."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connect(connection: object, _record: object) -> None:
        keys = f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}"
        _prepare(connection, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", keys)

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        _execute(connection, "BEGIN IMMEDIATE")

    return engine


def _reading_engine(url: URL) -> Engine:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connect(connection: object, _record: object) -> None:
        _prepare(connection, "PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        _execute(connection, "BEGIN")

    return engine


def _execute(connection: object, statement: str) -> None:
    # Past SQLAlchemy, whose way would cost each transaction as much as one of its queries.
    connection.connection.driver_connection.execute(statement)  # type: ignore[attr-defined]  # a Connection


def _prepare(connection: object, *pragmas: str) -> None:
    # The driver's own transaction handling begins at the first write only, which loses updates.
    connection.isolation_level = None  # type: ignore[attr-defined]  # a sqlite3.Connection
    for pragma in (f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}", *pragmas):
        connection.execute(pragma)  # type: ignore[attr-defined]  # a sqlite3.Connection
