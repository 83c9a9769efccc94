"""A program that is newer than this one, for each test that asks for it."""

from pathlib import Path

import pytest

from tests.db.programs import Later, later_migrations


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Later:
    """From this call on the program has these migrations too; without any it is today's again."""

    def become(*bodies: str) -> Path:
        scripts = later_migrations(tmp_path, *bodies)
        monkeypatch.setattr("db.migrate._SCRIPTS", scripts)
        return scripts

    return become
