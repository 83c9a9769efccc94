"""The catalogue says of each kind what its image and its server want to hear."""

import io
import re
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from db.models.database_kinds import DatabaseKind
from engine.archives import File
from engine.databases.catalogue import (
    CATALOGUE,
    check_following,
    check_password,
    check_setup,
    check_variables,
    container_files,
    image,
    new_credentials,
)
from engine.databases.kinds import Command, Credentials, Kind, Setup, StreamedRestore
from engine.docker.references import parse_reference
from engine.errors import InvalidInput
from engine.secrets import Secret
from tests.engine.databases import specifications as told

ALL = pytest.mark.parametrize("kind", DatabaseKind, ids=lambda kind: kind.name.lower())


def setup_of(entry: Kind, password: str = told.PASSWORD, configuration: str = "") -> Setup:
    credentials = Credentials(entry.user, Secret(password), entry.database)
    return Setup(entry.default_version, credentials, configuration)


def as_literals(files: Iterable[File]) -> dict[str, tuple[int, int, str]]:
    return {file.path: (file.owner, file.mode, file.content.decode()) for file in files}


def commands_of(entry: Kind, setup: Setup) -> list[Command]:
    dump, restore = entry.dump(setup), entry.restore(setup)
    streamed = [*restore.before, restore.stream, *restore.after] if isinstance(restore, StreamedRestore) else []
    checks = [entry.ready(setup), entry.login(setup), entry.contents(setup), *entry.after_version_change(setup)]
    return [
        *checks,
        entry.change_password(setup, Secret(told.NEW_PASSWORD)),
        *dump.before,
        dump.stream,
        *dump.after,
        *streamed,
    ]


@ALL
def test_the_container(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry, configuration="# mine")
    assert (
        image(entry, setup.version),
        image(entry, setup.version, "wharf.local"),
        dict(entry.variables(setup)),
        entry.command and entry.command(setup),
        entry.data_path(setup.version),
        entry.stop_signal,
    ) == told.CONTAINERS[kind]


@ALL
def test_its_files(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry, configuration="# mine")
    assert as_literals(entry.files(setup)) == told.FILES[kind]
    assert as_literals(entry.first_files(setup)) == told.FIRST_FILES[kind]


@ALL
def test_its_addresses(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry)
    inside = entry.connection_string(setup, "db", entry.port, False)
    outside = entry.connection_string(setup, "::1", 9001, True)
    assert (inside, outside) == told.ADDRESSES[kind]


@ALL
def test_its_commands(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry)
    said = {
        "ready": entry.ready(setup).arguments,
        "login": entry.login(setup).arguments,
        "change_password": entry.change_password(setup, Secret("new")).arguments,
        "dump": entry.dump(setup).stream.arguments,
        "contents": entry.contents(setup).arguments,
    }
    for name, arguments in told.COMMANDS[kind].items():
        assert said[name] == arguments


@pytest.mark.parametrize(("kind", "expected"), told.CHANGES.items(), ids=lambda value: str(value)[:24])
def test_what_changes_a_password(kind: DatabaseKind, expected: str) -> None:
    entry = CATALOGUE[kind]
    change = entry.change_password(setup_of(entry), Secret(told.NEW_PASSWORD))
    assert change.standard_input is not None
    assert change.standard_input.decode() == expected


@ALL
def test_no_argument_of_a_command_tells_a_password(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry, "tell-nobody")
    secret = re.compile(f"tell-nobody|{re.escape(told.NEW_PASSWORD)}|{re.escape(repr(told.NEW_PASSWORD)[1:-1])}")
    public = [repr(dict(entry.variables(setup))), repr(entry.command and entry.command(setup)), repr(setup)]
    for text in (*public, *(repr(command) for command in commands_of(entry, setup))):
        assert not secret.search(text)
    assert secret.search(repr(setup.credentials.password.reveal())), "and this would find one"


@ALL
def test_the_same_setup_always_gives_the_same_bytes(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry)
    assert container_files(entry, setup, first=True) == container_files(entry, setup, first=True)


@ALL
def test_the_directory_of_our_files_belongs_to_the_server_alone(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    packed = io.BytesIO(container_files(entry, setup_of(entry), first=True))
    with tarfile.open(fileobj=packed) as archive:
        entries = {member.name: (member.uid, member.mode) for member in archive if member.isdir()}
    assert entries in ({}, {"etc/wharf": (entry.owner, 0o700)})


@ALL
def test_the_defaults_are_allowed(kind: DatabaseKind) -> None:
    entry = CATALOGUE[kind]
    credentials = new_credentials(entry)
    for version in entry.versions:
        check_setup(entry, Setup(version, credentials))
        assert parse_reference(image(entry, version)).tag
        assert parse_reference(image(entry, version, "wharf.local")).registry == "wharf.local"
        check_following(entry, version, version)


def test_generated_passwords_are_32_characters_safe_in_addresses() -> None:
    passwords = {new_credentials(CATALOGUE[DatabaseKind.REDIS]).password.reveal() for _ in range(100)}
    assert len(passwords) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", password) for password in passwords)


@pytest.mark.parametrize(
    ("kind", "possible"),
    [
        (DatabaseKind.POSTGRESQL, {("17", "18"): False, ("18", "17"): False, ("15", "15"): True}),
        (DatabaseKind.MARIADB, {("10.6", "10.11"): True, ("10.11", "11.8"): True, ("11.4", "10.11"): False}),
        (
            DatabaseKind.MYSQL,
            {("8.0", "8.4"): True, ("8.0", "9.4"): False, ("8.4", "9.4"): True, ("8.4", "8.0"): False},
        ),
        (DatabaseKind.MONGODB, {("6.0", "7.0"): True, ("6.0", "8.0"): False, ("8.0", "7.0"): False}),
        (DatabaseKind.REDIS, {("7.0", "8.2"): True, ("7.2", "7.0"): False}),
        (DatabaseKind.VALKEY, {("7.2", "9.1"): True, ("9.1", "9.0"): False}),
        (DatabaseKind.DRAGONFLY, {("1.30.3", "1.34.2"): True, ("1.34.2", "1.33.1"): False}),
        (DatabaseKind.CLICKHOUSE, {("24.8", "25.8"): True, ("25.8", "25.3"): False}),
        (DatabaseKind.COUCHDB, {("3.3", "3.5"): True, ("3.5", "3.4"): False}),
    ],
)
def test_which_version_may_open_the_data_of_another(
    kind: DatabaseKind, possible: dict[tuple[str, str], bool]
) -> None:
    for (data, version), allowed in possible.items():
        assert CATALOGUE[kind].may_follow(data, version) is allowed, (data, version)


def test_a_version_that_cannot_follow_is_refused_with_what_can() -> None:
    mysql, postgresql = CATALOGUE[DatabaseKind.MYSQL], CATALOGUE[DatabaseKind.POSTGRESQL]
    with pytest.raises(InvalidInput, match=r"MySQL 9.4 cannot open .* version 8.0: it can go on to 8.4") as refused:
        check_following(mysql, "8.0", "9.4")
    assert refused.value.field == ("input", "version")
    with pytest.raises(InvalidInput, match="dump it, and restore the dump into a new one"):
        check_following(postgresql, "17", "18")
    with pytest.raises(InvalidInput, match=r"has no version '4.5' here; there are 18, 17, 16, 15, 14"):
        check_following(postgresql, "17", "4.5")


@pytest.mark.parametrize(
    ("kind", "changed", "field"),
    [
        (DatabaseKind.REDIS, {"user": "me"}, "username"),
        (DatabaseKind.REDIS, {"database": "mine"}, "databaseName"),
        (DatabaseKind.CLICKHOUSE, {"database": "mine"}, "databaseName"),
        (DatabaseKind.CLICKHOUSE, {"user": "default"}, "username"),
        (DatabaseKind.POSTGRESQL, {"user": "pg_monitor"}, "username"),
        (DatabaseKind.POSTGRESQL, {"user": "PG_me"}, "username"),
        (DatabaseKind.POSTGRESQL, {"database": "template1"}, "databaseName"),
        (DatabaseKind.POSTGRESQL, {"database": "a b"}, "databaseName"),
        (DatabaseKind.POSTGRESQL, {"database": 'a"; DROP'}, "databaseName"),
        (DatabaseKind.POSTGRESQL, {"user": "-h"}, "username"),
        (DatabaseKind.POSTGRESQL, {"user": ""}, "username"),
        (DatabaseKind.MARIADB, {"user": "root"}, "username"),
        (DatabaseKind.MYSQL, {"database": "information_schema"}, "databaseName"),
        (DatabaseKind.MONGODB, {"database": "admin"}, "databaseName"),
        (DatabaseKind.MYSQL, {"user": "x" * 32}, "username"),
        (DatabaseKind.REDIS, {"password": ""}, "password"),
        (DatabaseKind.REDIS, {"password": "x" * 256}, "password"),
        (DatabaseKind.REDIS, {"password": "ä" * 128}, "password"),
        (DatabaseKind.POSTGRESQL, {"password": "a\0b"}, "password"),
        (DatabaseKind.POSTGRESQL, {"password": "a\ud800"}, "password"),
        (DatabaseKind.MYSQL, {"password": "an \N{ANCHOR}, a \N{SHIP}, a \N{WHALE}"}, "password"),
        (DatabaseKind.MONGODB, {"password": "two\nlines"}, "password"),
    ],
)
def test_what_a_kind_cannot_have_is_refused_at_its_field(
    kind: DatabaseKind, changed: dict[str, str], field: str
) -> None:
    entry = CATALOGUE[kind]
    setup = setup_of(entry, "fine")
    theirs: Any = {name: Secret(text) if name == "password" else text for name, text in changed.items()}
    with pytest.raises(InvalidInput) as refused:
        check_setup(entry, replace(setup, credentials=replace(setup.credentials, **theirs)))
    assert refused.value.field == ("input", field)
    assert entry.title in refused.value.sentence or field == "password"


@ALL
def test_awkward_passwords_are_allowed_wherever_the_server_can_hold_them(kind: DatabaseKind) -> None:
    check_password(CATALOGUE[kind], Secret("'\"`$%@\\ {}<>&;#ß密"))
    if kind is not DatabaseKind.MONGODB:
        check_password(CATALOGUE[kind], Secret("two\nlines\n\t\x01"))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (DatabaseKind.POSTGRESQL, "POSTGRES_PASSWORD"),
        (DatabaseKind.POSTGRESQL, "PGDATA"),
        (DatabaseKind.MARIADB, "MYSQL_ROOT_PASSWORD"),
        (DatabaseKind.MONGODB, "MONGO_INITDB_ROOT_USERNAME"),
        (DatabaseKind.CLICKHOUSE, "CLICKHOUSE_USER"),
        (DatabaseKind.COUCHDB, "COUCHDB_PASSWORD"),
        (DatabaseKind.DRAGONFLY, "DFLY_requirepass"),
    ],
)
def test_variables_of_ours_are_not_the_users_to_set(kind: DatabaseKind, name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} is set by Wharfinger"):
        check_variables(CATALOGUE[kind], {"TZ": "UTC", name: "mine"})
    check_variables(CATALOGUE[kind], {"TZ": "UTC"})
