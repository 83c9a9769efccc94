"""`wharf backup`: what comes out of the archive is the installation again."""

import subprocess
import tarfile
from pathlib import Path

from tests.wharf.shell import WHARF, Shell, refused


def restored(archive: Path, directory: Path) -> Shell:
    """An installation made of the archive, as the README says."""
    other = Shell(directory)
    other.data.mkdir(parents=True, mode=0o700)
    with tarfile.open(archive) as tar:
        tar.extractall(other.data, filter="data")
    return other


def test_a_backup_of_a_running_server_is_restored_elsewhere(shell: Shell, tmp_path: Path) -> None:
    archive = tmp_path / "wharf.tar"
    with shell.serving():
        shell.run("token", "create", "--name", "before")
        done = shell.run("backup", str(archive))
        assert (done.returncode, done.stdout) == (0, "")
        shell.run("token", "create", "--name", "after")
        left = {path.name for path in shell.data.iterdir()}
        assert left == {"lock", "secret.key", "wharf.db", "wharf.db-shm", "wharf.db-wal"}
    assert archive.stat().st_mode & 0o777 == 0o600
    other = restored(archive, tmp_path / "elsewhere")
    assert {path.name: path.stat().st_mode & 0o777 for path in other.data.iterdir()} == {
        "wharf.db": 0o600,
        "secret.key": 0o600,
    }
    with other.serving():
        listed = other.run("token", "list").stdout
    assert "before" in listed
    assert "after" not in listed


def test_a_backup_can_be_piped(shell: Shell, tmp_path: Path) -> None:
    with shell.serving() as server:
        made = subprocess.run([WHARF, "backup", "-"], env=shell.environ, capture_output=True, check=True, timeout=30)
        server.terminate()
        server.wait(timeout=20)
    (tmp_path / "piped.tar").write_bytes(made.stdout)
    assert restored(tmp_path / "piped.tar", tmp_path / "elsewhere").run("token", "list").returncode == 0


def test_what_cannot_be_backed_up_is_refused(shell: Shell, tmp_path: Path) -> None:
    archive = tmp_path / "wharf.tar"
    assert refused(shell.run("backup", str(archive))).startswith(f"There is no database at {shell.database}: ")
    shell.run("migrate")
    assert refused(shell.run("backup", str(archive))).startswith("There is nothing to back up yet: ")
    with shell.serving():
        pass
    sentence = f"{tmp_path}/nowhere/x could not be written: No such file or directory."
    assert refused(shell.run("backup", f"{tmp_path}/nowhere/x")) == sentence
    (shell.data / "secret.key").write_bytes(b"another key, which has 32 bytes.")
    assert "is not the key to the secrets in this database" in refused(shell.run("backup", str(archive)))
    assert not archive.exists()


def test_an_archive_that_is_there_is_not_written_over(shell: Shell, tmp_path: Path) -> None:
    with shell.serving():
        pass
    (tmp_path / "wharf.tar").write_text("precious")
    sentence = f"{tmp_path}/wharf.tar is there already, and is not written over."
    assert refused(shell.run("backup", str(tmp_path / "wharf.tar"))) == sentence
    assert (tmp_path / "wharf.tar").read_text() == "precious"


def test_dumps_are_left_out_and_that_is_said(shell: Shell, tmp_path: Path) -> None:
    with shell.serving():
        pass
    dumps = shell.data / "dumps"
    dumps.mkdir()
    (dumps / "01m833z4wr47h397dvxhp6mbv0.sql").write_text("--")
    done = shell.run("backup", str(tmp_path / "wharf.tar"))
    assert done.returncode == 0
    assert f"1 dump(s) of databases in {dumps} are not in it: copy that directory too." in done.stderr
    with tarfile.open(tmp_path / "wharf.tar") as archive:
        assert sorted(archive.getnames()) == ["secret.key", "wharf.db"]
