"""`wharf`, the command, as somebody types it: what it prints, and how it refuses."""

import os
import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import free_port

WHARF = str(Path(sys.executable).with_name("wharf"))


class Shell:
    """Runs `wharf` with settings of its own."""

    def __init__(self, directory: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WHARF_")}
        self.settings = {
            "WHARF_DATA_DIRECTORY": str(directory / "data"),
            "WHARF_DOCKER_HOST": f"unix://{directory}/nobody.sock",
            "WHARF_LISTEN": f"127.0.0.1:{free_port()}",
        }
        self._inherited = inherited

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {**self._inherited, **self.settings}
        return subprocess.run([WHARF, *words], env=environ, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence with which a command has refused."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.strip()


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor"])
def test_a_wrong_setting_stops_every_command_with_its_name(shell: Shell, command: str) -> None:
    shell.settings["WHARF_HTTP_PORT"] = "eighty"
    assert refused(shell.run(command)).startswith("WHARF_HTTP_PORT='eighty' cannot be used:")


def test_a_database_of_a_newer_version_stops_the_start(shell: Shell, tmp_path: Path) -> None:
    shell.run("migrate")
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'wharf.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "could not be migrated" in refused(shell.run("serve"))


def test_a_file_that_is_no_database_stops_the_start(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wharf.db").write_text("this is a shopping list, and long enough to be looked at. " * 20)
    assert "not a database" in refused(shell.run("serve"))


def test_a_damaged_key_stops_the_start(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret.key").write_bytes(b"short")
    assert "32 bytes" in refused(shell.run("serve"))


def test_a_data_directory_that_cannot_be_made_stops_the_start(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    assert str(tmp_path / "data") in refused(shell.run("serve"))


def test_an_address_that_is_taken_stops_the_start(shell: Shell) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        shell.settings["WHARF_LISTEN"] = f"127.0.0.1:{taken.getsockname()[1]}"
        sentence = refused(shell.run("serve"))
    assert shell.settings["WHARF_LISTEN"] in sentence
    assert "WHARF_LISTEN" in sentence


def test_a_token_is_made_listed_and_revoked(shell: Shell) -> None:
    made = shell.run("token", "create", "--name", "laptop")
    assert re.fullmatch(r"wharf_[\w-]{43}\n", made.stdout)
    token_id, name = shell.run("token", "list").stdout.split()
    assert name == "laptop"
    assert shell.run("token", "revoke", token_id).returncode == 0
    assert shell.run("token", "list").stdout == ""
    assert refused(shell.run("token", "revoke", "nothing")) == "There is no such token."


def test_the_data_directory_is_for_its_owner_alone(shell: Shell, tmp_path: Path) -> None:
    shell.run("migrate")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_the_schema_is_printed(shell: Shell) -> None:
    committed = Path(__file__).parents[2] / "graph" / "schema.graphql"
    assert shell.run("schema").stdout == committed.read_text()


def test_the_doctor_says_what_is_wrong_and_what_to_do(shell: Shell) -> None:
    done = shell.run("doctor")
    assert done.returncode == 1
    docker = next(line for line in done.stdout.splitlines() if "docker" in line)
    assert docker.startswith("FAIL")
    assert "WHARF_DOCKER_HOST" in docker


def test_the_doctor_names_a_port_that_somebody_else_has(shell: Shell) -> None:
    del shell.settings["WHARF_DOCKER_HOST"]
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shell.settings |= {"WHARF_HTTP_PORT": str(port), "WHARF_PROXY_ADDRESS": "127.0.0.1"}
        shell.settings["WHARF_HTTPS_PORT"] = str(free_port())
        done = shell.run("doctor")
    assert re.search(rf"^FAIL +port {port}: .*WHARF_HTTP_PORT", done.stdout, re.MULTILINE)
    assert re.search(r"^ok +docker", done.stdout, re.MULTILINE)


def test_uninstalling_what_was_never_started_removes_nothing(shell: Shell) -> None:
    done = shell.run("uninstall", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
