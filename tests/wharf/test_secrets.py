"""`wharf secrets`: another key for what is encrypted, with or beside a server, and whatever is killed on the way."""

import base64
import json
import os
import shutil
import signal
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine.rekeying
from db.backup import copy_database
from db.sessions import Sessions
from engine.key_ring import KeyRing
from engine.rekeying import Rekeying
from engine.secrets import Cipher, Secret
from tests.engine.vault import damage_a_secret, every_secret, keys_in_use, keys_kept
from tests.wharf.shell import Shell, refused
from wharf.backup import _copy as copy_for_backup
from wharf.data_directory import held
from wharf.settings import Settings

GIVEN = base64.b64encode(b"the key that somebody else keeps").decode()
BreakOff = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def before(shell: Shell, filled: Path) -> dict[str, str]:
    """The secrets of the installation that the shell works on."""
    shutil.copytree(filled, shell.data)
    return every_secret(shell.data)


def test_without_a_server_the_command_does_it(shell: Shell, before: dict[str, str]) -> None:
    (old,) = keys_kept(shell.data)
    done = shell.run("secrets", "rotate")
    (new,) = keys_kept(shell.data)
    assert (done.returncode, done.stdout) == (0, f"Every secret rests on the key {new} now.\n")
    assert "What was backed up before" in done.stderr
    assert new != old
    assert keys_in_use(shell.data) == {new}
    assert every_secret(shell.data) == before
    assert shell.run("secrets", "status").stdout.splitlines() == [
        "KEY       SECRETS  WHERE IT IS",
        f"{new}  254      {shell.data}/secret.key (encrypts)",
    ]
    (entry,) = [json.loads(line) for line in shell.run("audit", "export").stdout.splitlines()]
    assert (entry["actor"], entry["action"]) == ("the command line", "wharf secrets rotate")
    assert entry["changes"] == [{"field": "keyWanted", "old": False, "new": True, "secret": False}]


def test_a_server_does_it_and_serves_on(shell: Shell, before: dict[str, str]) -> None:
    with shell.serving() as server:
        opened = every_secret(shell.data)
        done = shell.run("secrets", "rotate")
        assert (done.returncode, done.stderr) == (0, "What was backed up before opens with the key of then only.\n")
        assert done.stdout == f"Every secret rests on the key {keys_in_use(shell.data).pop()} now.\n"
        assert shell.run("token", "create", "--name", "laptop").returncode == 0
        server.terminate()
        _, said = server.communicate(timeout=20)
    assert "Traceback" not in said
    assert "Nothing rests on the key" in said
    assert len(keys_kept(shell.data)) == 1
    assert every_secret(shell.data) == opened


def test_what_cannot_be_rotated_is_refused(shell: Shell, before: dict[str, str]) -> None:
    damage_a_secret(shell.data)
    assert refused(shell.run("secrets", "rotate")).splitlines()[-1].startswith("1 secrets cannot be read, and are ")
    assert len(keys_kept(shell.data)) == 2, "the old key may be the right one, when a backup of the database comes"
    (shell.data / "secret.key").unlink()
    assert "is missing. Restore it." in refused(shell.run("secrets", "rotate"))
    assert "missing: restore it" in shell.run("secrets", "status").stdout
    shell.database.unlink()
    for words in ("rotate", "status"):
        assert refused(shell.run("secrets", words)).startswith("There is no database at ")
        shell.run("migrate")
        assert refused(shell.run("secrets", words)) == "There are no secrets yet: the server has never been started."
        shell.database.unlink()


def test_a_key_from_the_variable_is_changed_there(shell: Shell, before: dict[str, str]) -> None:
    shell.settings["WHARF_SECRET_KEY"] = GIVEN
    assert shell.run("secrets", "rotate").returncode == 0
    assert not (shell.data / "secret.key").exists()
    assert "as before. Is there another one in WHARF_SECRET_KEY?" in refused(shell.run("secrets", "rotate"))
    fresh = base64.b64encode(os.urandom(32)).decode()
    shell.settings["WHARF_SECRET_KEY"] = f"{fresh},{GIVEN}"
    with held(shell.data, shell.database):
        sentence = refused(shell.run("secrets", "rotate"))
    assert sentence.startswith("The server has its key from WHARF_SECRET_KEY: put a new one there")
    assert shell.run("secrets", "rotate").returncode == 0
    status = shell.run("secrets", "status").stdout
    shell.settings["WHARF_SECRET_KEY"] = fresh
    assert before.items() <= every_secret(shell.data, Secret(fresh)).items()
    assert "254      WHARF_SECRET_KEY (encrypts)" in status
    assert "0        WHARF_SECRET_KEY\n" in status, "the old one can be taken out"
    assert GIVEN not in status


def test_the_key_from_the_variable_is_not_in_a_backup(shell: Shell, before: dict[str, str], tmp_path: Path) -> None:
    shell.settings["WHARF_SECRET_KEY"] = GIVEN
    assert shell.run("secrets", "rotate").returncode == 0
    done = shell.run("backup", str(tmp_path / "wharf.tar"))
    assert "The key to the secrets is not in it, but in WHARF_SECRET_KEY" in done.stderr
    with tarfile.open(tmp_path / "wharf.tar") as archive:
        assert archive.getnames() == ["wharf.db"]


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def at_the(count: int, of: Any) -> Any:
    """As `of`, but for the kill at the call of this number."""
    calls = iter(range(1, count))
    return lambda *arguments, **named: of(*arguments, **named) if next(calls, None) else die()


def after_the(count: int, of: Any) -> Any:
    """As `of`, but for the kill after the call of this number."""
    calls = iter(range(1, count))

    def called(*arguments: Any, **named: Any) -> Any:
        result = of(*arguments, **named)
        return result if next(calls, None) else die()

    return called


KILLS: dict[str, BreakOff] = {
    "before the new key is in the file": lambda patch: patch.setattr(Path, "replace", die),
    "when it is there": lambda patch: patch.setattr(engine.rekeying, "_followed", die),
    "before anything is written anew": lambda patch: patch.setattr(engine.rekeying, "_rewrite_some", die),
    "in the middle of a transaction": lambda patch: patch.setattr(Cipher, "encrypt", at_the(150, Cipher.encrypt)),
    "between two transactions": lambda patch: patch.setattr(Rekeying, "_rewrite", at_the(7, Rekeying._rewrite)),
    "when all is written anew": lambda patch: patch.setattr(Sessions, "reach_disk", die),
    "before the old key goes": lambda patch: patch.setattr(Path, "replace", at_the(2, Path.replace)),
    "after it went": lambda patch: patch.setattr(Path, "replace", after_the(2, Path.replace)),
}


def killed(shell: Shell, break_off: BreakOff) -> None:
    """Have `wharf secrets rotate` die in the middle, as if by kill -9."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                break_off(patch)
                shell.run("secrets", "rotate")
        finally:
            os._exit(1)  # it came through
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("moment", KILLS)
def test_a_kill_loses_no_secret_and_the_next_one_finishes_it(
    moment: str, shell: Shell, before: dict[str, str], tmp_path: Path
) -> None:
    (old,) = keys_kept(shell.data)
    killed(shell, KILLS[moment])
    assert every_secret(shell.data) == before
    assert shell.run("backup", str(tmp_path / "wharf.tar")).returncode == 0
    with tarfile.open(tmp_path / "wharf.tar") as archive:
        archive.extractall(tmp_path / "restored", filter="data")
    assert every_secret(tmp_path / "restored") == before
    assert shell.run("secrets", "rotate").returncode == 0
    assert every_secret(shell.data) == before
    assert len(keys_kept(shell.data)) == 1
    assert keys_in_use(shell.data) == keys_kept(shell.data) != {old}


def test_a_server_that_is_killed_in_the_middle_goes_on_when_it_is_started_again(
    shell: Shell, before: dict[str, str]
) -> None:
    (old,) = keys_kept(shell.data)
    with shell.serving() as server:
        opened = every_secret(shell.data)
        child = os.fork()
        if child == 0:
            shell.run("secrets", "rotate")
            os._exit(0)
        while keys_kept(shell.data) == {old}:
            time.sleep(0.001)
        server.kill()
        server.wait()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert every_secret(shell.data) == opened
    with shell.serving():
        while len(keys_kept(shell.data)) != 1:
            time.sleep(0.01)
    assert keys_in_use(shell.data) == keys_kept(shell.data) != {old}
    assert every_secret(shell.data) == opened


def test_a_backup_that_a_whole_rotation_overtakes_still_opens(
    shell: Shell, before: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is copied before or after it, the key is read on the other side of it."""
    import wharf.backup

    copied = copy_database
    settings = Settings(data_directory=shell.data)
    for number, order in enumerate(("before", "after")):

        def overtaken(source: Path, copy: Path, order: str = order) -> None:
            if order == "before":
                assert shell.run("secrets", "rotate").returncode == 0
            copied(source, copy)
            if order == "after":
                assert shell.run("secrets", "rotate").returncode == 0

        monkeypatch.setattr(wharf.backup, "copy_database", overtaken)
        into = tmp_path / str(number)
        into.mkdir()
        copy_for_backup(settings, into / "wharf.db")
        assert every_secret(into) == before
        assert len(KeyRing(into / "secret.key").kept) == 2
