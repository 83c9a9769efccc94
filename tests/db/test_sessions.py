"""Reading and writing: nothing is lost, nothing half done stays, and who listens hears in order."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from db.models import Team
from db.sessions import Sessions, tell


def add(session: Session, name: str) -> Team:
    team = Team(name=name)
    session.add(team)
    return team


def names(session: Session) -> set[str]:
    return set(session.exec(select(Team.name)))


async def test_what_was_written_can_be_read_and_used_after_the_session(sessions: Sessions) -> None:
    project = await sessions.write(add, "one")
    assert project.name == "one"
    assert await sessions.read(names) == {"one"}


async def test_a_write_that_raises_leaves_nothing(sessions: Sessions) -> None:
    def add_and_fail(session: Session) -> None:
        add(session, "half")
        session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        await sessions.write(add_and_fail)
    assert await sessions.read(names) == set()


async def test_a_read_cannot_write(sessions: Sessions) -> None:
    def sneak(session: Session) -> None:
        add(session, "sneaked")
        session.flush()

    with pytest.raises(OperationalError, match="readonly"):
        await sessions.read(sneak)


async def test_what_was_read_is_kept_until_anybody_commits_something(sessions: Sessions) -> None:
    await sessions.write(add, "one")
    first = sessions.read_kept(names)
    assert sessions.read_kept(names) is first
    await sessions.write(add, "two")
    assert sessions.read_kept(names) == {"one", "two"}
    other = Sessions(sessions.url)  # as another program has it
    await other.write(add, "three")
    other.close()
    assert sessions.read_kept(names) == {"one", "two", "three"}


async def test_no_increment_is_lost_among_concurrent_writers(sessions: Sessions) -> None:
    project = await sessions.write(add, "0")

    def increment(session: Session) -> None:
        row = session.get_one(Team, project.id)
        row.name = str(int(row.name) + 1)
        session.add(row)

    await asyncio.gather(*(sessions.write(increment) for _ in range(100)))
    assert await sessions.read(names) == {"100"}


async def test_listeners_hear_of_what_was_committed_and_of_nothing_else(sessions: Sessions) -> None:
    heard: list[object] = []
    sessions.on_commit(heard.extend)

    def say(session: Session, word: str, *, fail: bool = False) -> None:
        add(session, word)
        tell(session, word)
        if fail:
            raise LookupError

    await sessions.write(say, "first")
    with pytest.raises(LookupError):
        await sessions.write(say, "never", fail=True)
    await sessions.write(say, "second")
    await asyncio.sleep(0)  # the listeners are called by the loop, in its next turn
    assert heard == ["first", "second"]


async def test_a_write_whose_caller_was_cancelled_is_still_done_and_told(sessions: Sessions) -> None:
    told = asyncio.Event()
    sessions.on_commit(lambda _notes: told.set())

    def add_and_tell(session: Session) -> None:
        tell(session, add(session, "kept"))

    task = asyncio.create_task(sessions.write(add_and_tell))
    await asyncio.sleep(0)
    task.cancel()
    await told.wait()
    assert await sessions.read(names) == {"kept"}


async def test_what_was_committed_reaches_the_file_itself_beside_those_who_write(
    sessions: Sessions, tmp_path: Path
) -> None:
    file = Path(make_url(sessions.url).database or "")
    for number in range(100):
        await sessions.write(add, str(number))
    async with asyncio.timeout(10):
        while len(names_in_the_file_alone(file, tmp_path / "copy.db")) < 100:
            await asyncio.sleep(0.02)


def names_in_the_file_alone(file: Path, copy: Path) -> set[str]:
    """Those that are found without the log."""
    copy.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copy)) as connection, suppress(sqlite3.DatabaseError):  # copied while it changed
        return {name for (name,) in connection.execute("SELECT name FROM team")}
    return set()
