"""Rows that somebody writes, and what is written down of them."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, col, delete, select, update

from db.models import AuditEntry, Project, Team
from db.sessions import Sessions
from engine.accounts.acting import acting
from engine.accounts.viewer import THE_MACHINE
from engine.audit import audited
from engine.audited import LONGEST_VALUE
from engine.errors import NotNow


@pytest.fixture
def written(database_url: str) -> Iterator[Sessions]:
    sessions = audited(database_url)
    yield sessions
    sessions.close()


def entries(session: Session) -> list[tuple[str, str, object]]:
    rows = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence)))
    return [
        (row.noun, row.name, {name: (each["old"], each["new"]) for name, each in row.changes.items()}) for row in rows
    ]


def make(session: Session, name: str) -> Team:
    team = Team(name=name)
    session.add(team)
    return team


def rename(session: Session, team_id: str, *names: str) -> None:
    team = session.get_one(Team, team_id)
    for name in names:
        team.name = name
        session.add(team)
        session.flush()


async def test_a_row_is_told_once_however_often_a_transaction_writes_it(written: Sessions) -> None:
    team = await written.write(make, "a")
    with acting(THE_MACHINE, "test"):
        await written.write(rename, team.id, "b", "c")
        await written.write(rename, team.id, "d", "c")
    assert await written.read(entries) == [("Team", "c", {"name": ("a", "c")})]


async def test_what_comes_and_goes_in_one_transaction_was_never_there(written: Sessions) -> None:
    def come_and_go(session: Session) -> None:
        team = make(session, "a")
        session.flush()
        session.delete(team)

    with acting(THE_MACHINE, "test"):
        await written.write(come_and_go)
    assert await written.read(entries) == []


async def test_rows_that_one_statement_removes_are_told_each(written: Sessions) -> None:
    for name in ("a", "b", "c"):
        await written.write(make, name)
    with acting(THE_MACHINE, "test"):
        await written.write(lambda session: session.exec(delete(Team).where(col(Team.name) != "b")))
    assert await written.read(entries) == [("Team", name, {"name": (name, None)}) for name in ("a", "c")]
    assert await written.read(lambda session: session.exec(select(Team.name)).all()) == ["b"]


async def test_rows_cannot_be_changed_by_one_statement_in_somebodys_name(written: Sessions) -> None:
    await written.write(make, "a")
    with acting(THE_MACHINE, "test"), pytest.raises(TypeError, match="Team row by row"):
        await written.write(lambda session: session.exec(update(Team).values(name="b")))
    await written.write(lambda session: session.exec(update(Team).values(name="c")))  # nobody


async def test_what_fails_leaves_nothing(written: Sessions) -> None:
    def fail(session: Session) -> None:
        make(session, "a")
        session.flush()
        raise NotNow("No.")

    with acting(THE_MACHINE, "test"), pytest.raises(NotNow):
        await written.write(fail)
    assert await written.read(entries) == []


async def test_of_a_long_value_the_beginning_is_kept(written: Sessions) -> None:
    with acting(THE_MACHINE, "test"):
        await written.write(make, "x" * 10_000)
    ((_, _, changes),) = await written.read(entries)
    assert changes == {"name": (None, "x" * LONGEST_VALUE + "…")}


async def test_a_part_of_what_is_made_with_it_has_its_place(written: Sessions) -> None:
    def make_both(session: Session) -> None:
        team = make(session, "a")
        session.flush()
        session.add(Project(team_id=team.id, name="shop"))

    with acting(THE_MACHINE, "test"):
        await written.write(make_both)
    rows = await written.read(lambda session: session.exec(select(AuditEntry)).all())
    assert {row.noun: (row.team_id is not None, row.project_id == row.noun_id) for row in rows} == {
        "Team": (True, False),
        "Project": (True, True),
    }
