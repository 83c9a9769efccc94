"""Databases as their own clients see them, run inside their containers and let in over TCP like anybody else."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.docker.world import Answer, Database

AWKWARD = """it's "quoted" `$HOME` %s @: /?#[]\\ ünd
two lines"""
"""A password that only what asks for nothing special of passwords gets right."""


@dataclass(frozen=True, slots=True)
class Client:
    """How one kind is asked by hand: what writes and reads a word, and where the password goes."""

    write: Callable[[str], tuple[str, ...]]
    read: tuple[str, ...]
    password: str


def _psql(statement: str) -> tuple[str, ...]:
    return ("psql", "--host=127.0.0.1", "--username=postgres", "--no-password", "-qAtc", statement)


def _mariadb(statement: str) -> tuple[str, ...]:
    return ("sh", "-c", 'exec mariadb --host=127.0.0.1 --user="$U" --database="$D" -BNe "$0"', statement)


CLIENTS: Mapping[str, Client] = {
    "POSTGRESQL": Client(
        lambda word: _psql(f"CREATE TABLE IF NOT EXISTS told (word text); INSERT INTO told VALUES ('{word}')"),
        _psql("SELECT string_agg(word, ' ') FROM told"),
        "PGPASSWORD",
    ),
    "MARIADB": Client(
        lambda word: _mariadb(f"CREATE TABLE IF NOT EXISTS told (word text); INSERT INTO told VALUES ('{word}')"),
        _mariadb("SELECT GROUP_CONCAT(word SEPARATOR ' ') FROM told"),
        "MYSQL_PWD",
    ),
    "REDIS": Client(
        lambda word: ("redis-cli", "APPEND", "told", f" {word}"), ("redis-cli", "GET", "told"), "REDISCLI_AUTH"
    ),
    "VALKEY": Client(
        lambda word: ("valkey-cli", "APPEND", "told", f" {word}"), ("valkey-cli", "GET", "told"), "REDISCLI_AUTH"
    ),
}


async def write(database: Database, kind: str, word: str) -> None:
    """Have the database keep one more word."""
    client = CLIENTS[kind]
    await _run(database, client, client.write(word), await database.credentials())


async def read(database: Database, kind: str, **other: str) -> str:
    """The words that it keeps, in order. `other` stands in place of its credentials."""
    client = CLIENTS[kind]
    return (await _run(database, client, client.read, {**await database.credentials(), **other})).strip()


async def _run(database: Database, client: Client, words: tuple[str, ...], credentials: Answer) -> str:
    name = (await database.see("container { name }"))["container"]["name"]
    environment = {
        client.password: credentials["password"],
        "U": credentials["username"],
        "D": credentials["database"],
    }
    given = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
    done = subprocess.run(["docker", "exec", *given, name, *words], capture_output=True, text=True)
    if done.returncode or "ERR" in done.stdout or "NOAUTH" in done.stdout:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


class Refused(AssertionError):
    """The database did not do what it was asked."""
