"""`wharf`, the command, as somebody types it: what it prints, and how it refuses."""

import json
import re
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.wharf.shell import Shell, refused


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor"])
def test_a_wrong_setting_stops_every_command_with_its_name(shell: Shell, command: str) -> None:
    shell.settings["WHARF_HTTP_PORT"] = "eighty"
    sentence = "WHARF_HTTP_PORT='eighty' cannot be used: must be a whole number."
    assert refused(shell.run(command)) == sentence


def test_the_version_is_that_of_the_package(shell: Shell) -> None:
    assert shell.run("--version").stdout == f"wharfinger {version('wharfinger')}\n"


def test_a_database_of_a_newer_version_is_refused_by_every_command(shell: Shell) -> None:
    shell.run("migrate")
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    sentence = (
        f"The database {shell.database} was written by a newer version of Wharfinger (migration 9999); "
        "upgrade the program."
    )
    for words in (["serve"], ["migrate"], ["token", "list"], ["uninstall", "--yes"]):
        assert refused(shell.run(*words)) == sentence
    assert f"FAIL  database: {sentence}\n" in shell.run("doctor").stdout


def test_a_token_is_made_listed_and_revoked(shell: Shell) -> None:
    shell.run("migrate")
    made = shell.run("token", "create", "--name", "laptop", "--days", "7")
    assert re.fullmatch(r"wharf_[\w-]{43}\n", made.stdout)
    shell.run("token", "create", "--name", "of the office")
    head, *rows = (re.split("  +", line) for line in shell.run("token", "list").stdout.splitlines())
    today = datetime.now(UTC)
    assert head == ["ID", "NAME", "CREATED", "EXPIRES", "LAST USED", "LIMITS"]
    assert [row[1] for row in rows] == ["laptop", "of the office"]
    assert rows[0][2].startswith(f"{today:%Y-%m-%d %H:}")
    assert rows[0][3].startswith(f"{today + timedelta(days=7):%Y-%m-%d %H:}")
    assert rows[1][3:] == ["never", "never", "none"]
    assert shell.run("token", "revoke", rows[0][0]).returncode == 0
    assert "laptop" not in shell.run("token", "list").stdout
    assert refused(shell.run("token", "revoke", "nothing")) == "There is no such token."


def test_what_is_done_on_the_machine_is_in_the_audit_log(shell: Shell) -> None:
    shell.run("migrate")
    shell.run("token", "create", "--name", "laptop")
    entries = [json.loads(line) for line in shell.run("audit", "export").stdout.splitlines()]
    assert [(each["actor"], each["action"], each["noun"], each["name"]) for each in entries] == [
        ("the command line", "wharf token create", "ApiToken", "laptop")
    ]
    assert {"field": "hash", "old": None, "new": None, "secret": True} in entries[0]["changes"]
    shell.run("token", "revoke", shell.run("token", "list").stdout.splitlines()[1].split()[0])
    rest = shell.run("audit", "export", "--after", str(entries[0]["sequence"])).stdout.splitlines()
    assert [json.loads(line)["action"] for line in rest] == ["wharf token revoke"]


def test_the_columns_of_the_tokens_are_aligned(shell: Shell) -> None:
    shell.run("migrate")
    for name in ("x", "a longer name than that"):
        shell.run("token", "create", "--name", name)
    head, *rows = shell.run("token", "list").stdout.splitlines()
    assert [line.index("never") for line in rows] == [head.index("EXPIRES")] * 2


@pytest.mark.parametrize("days", ["0", "36501"])
def test_a_token_lasts_between_a_day_and_a_hundred_years(shell: Shell, days: str) -> None:
    shell.run("migrate")
    done = shell.run("token", "create", "--name", "laptop", "--days", days)
    assert done.returncode == 2
    assert "--days" in done.stderr


@pytest.mark.parametrize("words", [["create", "--name", "laptop"], ["list"], ["revoke", "1"]])
def test_tokens_are_nowhere_but_in_a_database_that_is_there(shell: Shell, words: list[str]) -> None:
    sentence = refused(shell.run("token", *words))
    assert sentence.startswith(f"There is no database at {shell.database}: start the server first (wharf serve)")
    assert "WHARF_DATA_DIRECTORY" in sentence
    assert not shell.data.exists()


def test_tokens_leave_a_database_alone_that_is_not_up_to_date(shell: Shell) -> None:
    shell.data.mkdir()
    shell.database.touch()
    assert "is not up to date: start the server first" in refused(shell.run("token", "list"))
    assert shell.database.read_bytes() == b""


def test_the_data_directory_is_for_its_owner_alone(shell: Shell) -> None:
    shell.run("migrate")
    assert shell.data.stat().st_mode & 0o777 == 0o700


def test_the_schema_is_printed(shell: Shell) -> None:
    committed = Path(__file__).parents[2] / "graph" / "schema.graphql"
    assert shell.run("schema").stdout == committed.read_text()


def test_the_doctor_says_what_is_wrong_and_what_to_do(shell: Shell) -> None:
    done = shell.run("doctor")
    assert done.returncode == 1
    docker, server = (re.search(rf"^.*{name}: .*$", done.stdout, re.MULTILINE) for name in ("docker", "server"))
    host, listen = shell.settings["WHARF_DOCKER_HOST"], shell.settings["WHARF_LISTEN"]
    assert docker
    assert docker[0].startswith(f"FAIL  docker: Docker does not answer at {host}: No such file or directory. Start")
    assert "WHARF_DOCKER_HOST" in docker[0]
    assert server
    assert server[0].startswith(f"note  server: http://{listen}/healthz: nobody answers there;")
    assert not shell.data.exists()


def test_the_doctor_names_a_port_that_somebody_else_has(shell: Shell) -> None:
    del shell.settings["WHARF_DOCKER_HOST"]
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        shell.settings |= {"WHARF_HTTP_PORT": str(port), "WHARF_PROXY_ADDRESS": "127.0.0.1"}
        shell.settings["WHARF_HTTPS_PORT"] = str(free_port())
        done = shell.run("doctor")
    assert re.search(rf"^FAIL +port {port}: .*WHARF_HTTP_PORT", done.stdout, re.MULTILINE)
    assert re.search(r"^ok +docker", done.stdout, re.MULTILINE)


def test_uninstalling_where_no_database_is_makes_none(shell: Shell) -> None:
    done = shell.run("uninstall", "--yes")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Nothing to remove: there is no database at {shell.database} ")
    assert not shell.data.exists()


def test_uninstalling_what_was_never_started_removes_nothing(shell: Shell) -> None:
    shell.run("migrate")
    done = shell.run("uninstall", "--yes")
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing to remove.\n")


def test_uninstalling_without_docker_fails_with_a_sentence(shell: Shell) -> None:
    with shell.serving():
        pass
    assert refused(shell.run("uninstall", "--yes")).startswith("Docker does not answer at ")
