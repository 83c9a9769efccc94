"""Dumps are good only when they were seen to bring everything back; a restore changes all or nothing."""

import hashlib
from collections.abc import Awaitable, Callable

import pytest

from graph.ids import local_id
from tests.docker.clients import read, write
from tests.docker.composed import docker
from tests.docker.dumps import (
    ask_for_dump,
    ask_for_restore,
    dumped,
    ended,
    file_of,
    left_over,
    steps,
    volumes_of,
)
from tests.docker.world import Database, World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

KINDS = [
    ("POSTGRESQL", "15"),
    ("MARIADB", "10.11"),
    ("REDIS", "7.0"),
    pytest.param("VALKEY", "9.1", marks=pytest.mark.soak),
]
kinds = pytest.mark.parametrize(("kind", "version"), KINDS)


@kinds
async def test_what_was_dumped_comes_back_with_the_password_of_now(
    world: World, environment: str, unique: Callable[[str], str], kind: str, version: str
) -> None:
    database = await world.database(environment, kind, unique("db"), version=version)
    await database.until("RUNNING")
    await write(database, kind, "kept")
    async with steps(database) as seen:
        dump = await ended(world, await ask_for_dump(database))
        assert [await anext(seen) for _ in range(4)] == ["QUEUED", "DUMPING", "VERIFYING", "GOOD"]
    file = file_of(world, dump)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (dump["sha256"], dump["size"]) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)
    assert (dump["kind"], dump["version"], dump["requestedBy"]) == (kind, version, "tests")
    assert left_over(world) == []

    await write(database, kind, "lost")
    await database.do("rotateDatabasePassword")
    await database.until_true("rotating", lambda found: not found["rotating"])
    password = (await database.credentials())["password"]
    (volume,) = volumes_of(world, database)
    async with steps(database) as seen:
        restore = await ended(world, await ask_for_restore(database, dump["id"]))
        assert [await anext(seen) for _ in range(4)] == ["QUEUED", "RESTORING", "SWITCHING", "SUCCEEDED"]
    assert (restore["status"], restore["size"]) == ("SUCCEEDED", dump["size"])
    await database.until("RUNNING")
    assert await read(database, kind) == "kept"
    assert (await database.credentials())["password"] == password
    await eventually(another_volume(world, database, volume))
    assert left_over(world) == []

    await write(database, kind, "after")
    await database.do("restartDatabase")
    await database.until("RUNNING")
    assert await read(database, kind) == "kept after"


# What pg_dump writes without a word and psql cannot read: the function finds `told` only on the search path of old.
UNRESTORABLE = """CREATE FUNCTION known(word text) RETURNS boolean LANGUAGE sql AS
'SELECT EXISTS (SELECT 1 FROM told WHERE told.word = known.word)';
CREATE TABLE aliases (word text CHECK (known(word))); INSERT INTO aliases VALUES ('kept')"""


async def test_a_dump_that_does_not_bring_everything_back_is_not_called_good(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15")
    await database.until("RUNNING")
    await write(database, "POSTGRESQL", "kept")
    name = (await database.see("container { name }"))["container"]["name"]
    docker("exec", name, "psql", "-U", "postgres", "-qc", UNRESTORABLE)
    dump = await dumped(database)
    assert (dump["status"], dump["file"], dump["sha256"]) == ("FAILED", None, None)
    assert dump["failure"].startswith("psql ended with exit code 3: "), dump["failure"]
    assert list((world.directory / "data" / "dumps").glob(f"{local_id('DatabaseDump', dump['id'])}*")) == []
    assert left_over(world) == []
    assert await read(database, "POSTGRESQL") == "kept"


def another_volume(world: World, database: Database, old: str) -> Callable[[], Awaitable[bool]]:
    """Whether the database has one volume, which is not the old one."""

    async def another() -> bool:
        volumes = volumes_of(world, database)
        return len(volumes) == 1 and volumes != [old]

    return another
