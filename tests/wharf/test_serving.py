"""`wharf serve`: what stops its start, who may be beside it, and how it ends."""

import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.wharf.shell import Shell, refused


def test_a_file_that_is_no_database_stops_the_start(shell: Shell) -> None:
    shell.data.mkdir()
    shell.database.write_text("this is a shopping list, and long enough to be looked at. " * 20)
    sentence = refused(shell.run("serve"))
    assert sentence.startswith(f"The database {shell.database} cannot be used: file is not a database.")


def test_a_directory_in_place_of_the_database_stops_the_start(shell: Shell) -> None:
    shell.database.mkdir(parents=True)
    assert "must be a file" in refused(shell.run("serve"))


def test_a_damaged_table_stops_the_start(shell: Shell) -> None:
    shell.run("migrate")
    with closing(sqlite3.connect(shell.database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'instance'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with shell.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x55" * size)
    sentence = f"The database {shell.database} cannot be used: database disk image is malformed. Restore it"
    assert refused(shell.run("serve")).startswith(sentence)
    assert f"FAIL  database: The database {shell.database} is damaged: " in shell.run("doctor").stdout


def test_a_damaged_key_stops_the_start(shell: Shell) -> None:
    shell.data.mkdir()
    (shell.data / "secret.key").write_bytes(b"short")
    assert "32 bytes" in refused(shell.run("serve"))


def test_a_lost_key_stops_the_start(shell: Shell) -> None:
    with shell.serving():
        pass
    (shell.data / "secret.key").unlink()
    sentence = refused(shell.run("serve"))
    assert sentence.startswith(f"{shell.data / 'secret.key'}, ")
    assert sentence.endswith("Restore it.")


def test_a_data_directory_that_cannot_be_made_stops_the_start(shell: Shell) -> None:
    shell.data.write_text("in the way")
    sentence = f"WHARF_DATA_DIRECTORY='{shell.data}' cannot be used: it is not a directory."
    assert refused(shell.run("serve")) == sentence
    shell.settings["WHARF_DATA_DIRECTORY"] += "/below"
    assert (
        refused(shell.run("serve")) == f"WHARF_DATA_DIRECTORY='{shell.data}/below' cannot be used: not a directory."
    )
    assert "FAIL  disk: WHARF_DATA_DIRECTORY=" in shell.run("doctor").stdout


def test_an_address_that_is_taken_stops_the_start(shell: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        listen = shell.settings["WHARF_LISTEN"] = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refused(shell.run("serve")) == f"WHARF_LISTEN='{listen}' cannot be used: address already in use."


@pytest.mark.parametrize("host", ["203.0.113.7", "nowhere.invalid"])
def test_an_address_that_is_not_ours_stops_the_start(shell: Shell, host: str) -> None:
    shell.settings["WHARF_LISTEN"] = f"{host}:8000"
    assert refused(shell.run("serve")).startswith(f"WHARF_LISTEN='{host}:8000' cannot be used: ")


def test_a_data_directory_has_one_server_and_is_free_again_after_a_kill(shell: Shell) -> None:
    with shell.serving() as first:
        for words in (["serve"], ["migrate"], ["uninstall", "--yes"]):
            sentence = refused(shell.run(*words))
            assert sentence.startswith(
                f"A server already works with the data directory {shell.data}. Stop the server"
            )
            assert "WHARF_DATA_DIRECTORY" in sentence
        assert shell.run("token", "create", "--name", "laptop").returncode == 0
        assert "ok    server: It answers." in shell.run("doctor").stdout
        first.kill()
        first.wait()
        with shell.serving():
            pass


def test_a_database_has_one_server_whatever_their_data_directories(shell: Shell, tmp_path: Path) -> None:
    shared = tmp_path / "shared.db"
    shell.settings["WHARF_DATABASE_URL"] = f"sqlite:///{shared}"
    other = Shell(tmp_path / "other")
    other.settings["WHARF_DATABASE_URL"] = shell.settings["WHARF_DATABASE_URL"]
    with shell.serving():
        for words in (["serve"], ["migrate"], ["uninstall", "--yes"]):
            other.data.mkdir(parents=True, exist_ok=True)
            sentence = refused(other.run(*words))
            assert sentence.startswith(f"A server already works with the database {shared}. Stop the server")


@pytest.mark.parametrize("trusted", ["", "127.0.0.0/30"])
def test_forwarded_headers_are_believed_only_from_trusted_proxies(shell: Shell, trusted: str) -> None:
    shell.settings["WHARF_TRUSTED_PROXIES"] = trusted
    with shell.serving():
        url = f"http://{shell.settings['WHARF_LISTEN']}/healthz"
        with urlopen(Request(url, headers={"X-Forwarded-Proto": "https"}), timeout=5) as answer:
            assert ("Strict-Transport-Security" in answer.headers) is bool(trusted)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in answer.headers


def test_it_ends_with_0_when_told_to(shell: Shell) -> None:
    for how in (signal.SIGTERM, signal.SIGINT):
        with shell.serving() as server:
            server.send_signal(how)
            _, said = server.communicate(timeout=20)
            assert server.returncode == 0
            assert "Traceback" not in said


def test_a_second_ctrl_c_ends_it_at_once_and_quietly(shell: Shell) -> None:
    with shell.serving() as server, _unfinished_request(shell):
        server.send_signal(signal.SIGINT)
        while _accepts(shell):
            time.sleep(0.01)
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=2)
        assert server.returncode == 130
        assert "Traceback" not in said


def _unfinished_request(shell: Shell) -> "closing[socket.socket]":
    """Half a request, which a server that ends waits for some seconds."""
    connection = _connected(shell)
    connection.sendall(b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Length: 9\r\n\r\n")
    return closing(connection)


def _connected(shell: Shell) -> socket.socket:
    host, _, port = shell.settings["WHARF_LISTEN"].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def _accepts(shell: Shell) -> bool:
    try:
        _connected(shell).close()
    except ConnectionError:
        return False
    return True
