"""A database of every release so far becomes one of today, with every row and every secret that it had."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from db.migrate import migrate, pending
from engine.key_ring import KeyRing
from engine.secret_places import registry_place, variable_place
from engine.secrets import Cipher
from tests.db.programs import REBUILD, Later

RELEASES = sorted(path.parent for path in Path(__file__).with_name("releases").glob("*/wharf.db"))

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def kept(request: pytest.FixtureRequest) -> Path:
    """What the tests keep of a release."""
    return Path(request.param)


@pytest.fixture
def file(kept: Path, tmp_path: Path) -> Path:
    """A copy of the release's database."""
    return Path(shutil.copy(kept / "wharf.db", tmp_path))


def migrated(file: Path) -> Rows:
    migrate(f"sqlite:///{file}")
    return rows(file)


def rows(file: Path) -> Rows:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


def test_there_is_a_first_release() -> None:
    assert "0.1.0" in [path.name for path in RELEASES]


@pytest.mark.parametrize("further", [(), (REBUILD,)], ids=["today", "with-rebuilt-tables"])
def test_every_row_survives(file: Path, later: Later, further: tuple[str, ...]) -> None:
    later(*further)
    before = rows(file)
    after = migrated(file)
    for table in before.keys() - {"alembic_version"}:
        assert before[table], f"no row of {table} was kept to be looked for"
        shared = after[table][0].keys() & before[table][0].keys()
        wanted, found = ([{name: row[name] for name in shared} for row in of[table]] for of in (before, after))
        assert found == wanted, table


def test_every_secret_opens(kept: Path, file: Path) -> None:
    known = json.loads((kept / "known.json").read_text())
    cipher, after = Cipher(*KeyRing(kept / "secret.key").keys), migrated(file)
    opened = {
        row["name"]: cipher.decrypt(row["value"], variable_place(row["id"])).reveal()
        for row in after["environment_variable"]
        if row["secret"] and row["current"]
    }
    assert opened == known["variables"]
    (private,) = (row for row in after["application"] if row["registry_password"])
    password = cipher.decrypt(private["registry_password"], registry_place(private["id"]))
    assert password.reveal() == known["registry_password"]
    for row in after["environment_variable"]:
        assert not row["secret"] or cipher.decrypt(row["value"], variable_place(row["id"]))


def test_migrating_it_twice_is_migrating_it_once(file: Path) -> None:
    once = migrated(file)
    beside = set(file.parent.iterdir())
    assert migrated(file) == once
    assert set(file.parent.iterdir()) == beside
    assert pending(f"sqlite:///{file}") == []
