"""Before a database is migrated it is copied, and whatever goes wrong it is as it was before."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from db.backup import BackupFailed, copy_database
from db.errors import DatabaseUnusable
from db.migrate import migrate, pending
from tests.db.programs import REBUILD, Later
from tests.db.test_migrate import damage

PROJECT = "INSERT INTO project (id, team_id, name, created_at) VALUES ('{}', 't', '{}', '2026-11-23')"
FAILING = 'op.execute("INSERT INTO nowhere VALUES (1)")'
DANGLING = "op.execute(\"UPDATE environment SET project_id = 'nobody'\")"


@pytest.fixture
def file(database_url: str, tmp_path: Path) -> Path:
    """A database of today with a row, and of which the newest row lies in the log beside it only."""
    found = tmp_path / "wharf.db"
    with write(found) as connection:
        connection.execute("INSERT INTO team VALUES ('t', 'us', '2026-11-23')")
        connection.execute(PROJECT.format("p", "shop"))
        connection.execute(
            "INSERT INTO environment (id, team_id, project_id, name, created_at) "
            "VALUES ('e', 't', 'p', 'production', '2026-11-23')"
        )
    return found


@contextmanager
def write(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as connection, connection:
        yield connection


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def contents(file: Path) -> list[str]:
    """Everything in a database, as SQL."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def backups(file: Path) -> list[Path]:
    return sorted(file.parent.glob("*backup*"))


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_a_database_is_copied_before_it_is_migrated(file: Path, later: Later) -> None:
    before, at = contents(file), revision(file)
    later(REBUILD)
    migrate(url(file))
    assert revision(file) == "later1"
    (backup,) = backups(file)
    assert re.fullmatch(rf"wharf\.db\.\d{{8}}T\d{{6}}Z\.{at}\.backup", backup.name)
    assert backup.stat().st_mode & 0o777 == 0o600
    assert contents(backup) == before


def test_rows_survive_the_rebuilding_of_their_tables(file: Path, later: Later) -> None:
    later(REBUILD)
    migrate(url(file))
    with write(file) as connection:
        assert connection.execute("SELECT id, name, note FROM project").fetchall() == [("p", "shop", "none")]
        assert connection.execute("SELECT id, project_id FROM environment").fetchall() == [("e", "p")]
        connection.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("DELETE FROM project")


def test_what_lies_in_the_log_only_is_copied_too(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as server:
        server.execute(PROJECT.format("q", "in the log"))
        bare = Path(shutil.copy(file, tmp_path / "bare.db"))
        copy_database(file, tmp_path / "copy.db")
        assert not any("in the log" in line for line in contents(bare)), "the log was written to the file already"
        assert contents(tmp_path / "copy.db") == contents(file)


def test_a_copy_is_one_file_that_none_is_needed_beside(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    copy_database(file, tmp_path / "elsewhere" / "copy.db")
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["copy.db"]
    with (tmp_path / "elsewhere" / "copy.db").open("rb") as header:
        assert header.read(20)[18:20] == b"\x01\x01", "it would be read with a log, which it has not"


def test_nothing_is_copied_when_there_is_nothing_to_migrate(file: Path, tmp_path: Path) -> None:
    migrate(url(file))
    migrate(url(tmp_path / "new.db"))
    assert backups(file) == []


def test_a_failure_in_the_middle_leaves_the_database_and_names_the_copy(file: Path, later: Later) -> None:
    before = contents(file)
    later(REBUILD, FAILING, REBUILD)
    with pytest.raises(DatabaseUnusable) as caught:
        migrate(url(file))
    (backup,) = backups(file)
    assert str(caught.value) == (
        f"The database {file} could not be migrated to later3: no such table: nowhere. "
        f"It is as it was before; {backup} is a copy of it. "
        "Go back to the version of Wharfinger that worked with it, and report this."
    )
    assert contents(file) == contents(backup) == before
    later()
    assert pending(url(file)) == []


def test_a_migration_that_breaks_a_reference_is_undone(file: Path, later: Later) -> None:
    before = contents(file)
    later(DANGLING)
    with pytest.raises(DatabaseUnusable, match=r"1 row\(s\) of environment would refer to what is not there"):
        migrate(url(file))
    assert contents(file) == before


def test_a_kill_in_the_middle_changes_nothing_and_the_next_start_migrates(file: Path, later: Later) -> None:
    before = contents(file)
    scripts = later(REBUILD, "import os; os._exit(9)")
    code = f"import pathlib, db.migrate as m; m._SCRIPTS = pathlib.Path({str(scripts)!r}); m.migrate({url(file)!r})"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 9
    assert contents(file) == before
    later(REBUILD)
    migrate(url(file))
    assert revision(file) == "later1"


def test_a_migration_that_fails_again_and_again_pushes_out_no_older_copy(file: Path, later: Later) -> None:
    older = file.with_name("wharf.db.20200101T000000Z.0000.backup")
    older.touch()
    later(FAILING)
    for _ in range(8):
        with pytest.raises(DatabaseUnusable):
            migrate(url(file))
    assert len(backups(file)) == 2
    assert older in backups(file)


def test_the_five_newest_copies_are_kept_and_nobody_elses(file: Path, later: Later) -> None:
    theirs = [file.with_name(name) for name in ("wharf.db.backup", "wharf.db.2019.old.backup", "other.db.backup")]
    ours = [file.with_name(f"wharf.db.2020010{day}T000000Z.old{day}.backup") for day in range(1, 8)]
    for path in (*theirs, *ours):
        path.touch()
    later(REBUILD)
    migrate(url(file))
    assert set(theirs) < set(backups(file))
    assert set(backups(file)) & set(ours) == set(ours[3:])
    assert len(backups(file)) == len(theirs) + 5


def test_a_copy_that_a_killed_process_left_unfinished_is_made_anew(file: Path, later: Later) -> None:
    file.with_name("wharf.db.partial-backup").write_text("half")
    later(REBUILD)
    migrate(url(file))
    assert [path.suffix for path in backups(file)] == [".backup"]


def test_a_newer_database_names_the_copy_to_go_back_to(file: Path, later: Later) -> None:
    later(REBUILD)
    migrate(url(file))
    later()
    sentence = rf"\(migration later1\); upgrade the program, or go back to {backups(file)[0]}, which lacks what was"
    with pytest.raises(DatabaseUnusable, match=sentence):
        migrate(url(file))


def test_a_damaged_database_is_neither_copied_nor_migrated(file: Path, later: Later) -> None:
    damage(file)
    later(REBUILD)
    before = file.read_bytes()
    with pytest.raises(DatabaseUnusable, match=r"damaged|malformed"):
        migrate(url(file))
    assert backups(file) == []
    assert file.read_bytes() == before


def test_a_file_that_is_there_is_not_written_over(file: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(BackupFailed, match=r"File exists: .*copy\.db"):
        copy_database(file, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of its own, of 4 MiB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "small", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_stops_the_migration_before_it_begins(file: Path, later: Later, small_disk: Path) -> None:
    copy_database(file, small_disk / "wharf.db")
    # What is left lets the database be opened, and is too little for a copy of it.
    (small_disk / "ballast").write_bytes(b"\0" * (4 * 1024 * 1024 - file.stat().st_size * 3 // 2))
    before = contents(small_disk / "wharf.db")
    later(REBUILD)
    with pytest.raises(DatabaseUnusable) as caught:
        migrate(url(small_disk / "wharf.db"))
    assert re.fullmatch(
        rf"The database {small_disk}/wharf\.db has to be migrated and could not be backed up first: "
        r"database or disk is full\. Nothing was changed\. The copy takes 0\.\d MiB in the same directory\.",
        str(caught.value),
    )
    assert contents(small_disk / "wharf.db") == before
    assert backups(small_disk / "wharf.db") == []
    (small_disk / "ballast").unlink()
    migrate(url(small_disk / "wharf.db"))
    assert revision(small_disk / "wharf.db") == "later1"
