"""Each kind whose server can be had here does what the catalogue says of it, on the real server."""

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from platform import machine

import aiodocker
import pytest

from db.models.database_kinds import DatabaseKind
from engine.databases.catalogue import CATALOGUE
from engine.databases.kinds import Command, Setup
from tests.docker.databases import Served, served

pytestmark = pytest.mark.docker

AWKWARD = (
    "two\nlines",
    "'single' \"double\" `back` \\ \\\\ \\n \\' %s %% %2F",
    "$HOME ${HOME} $(id) !! #{x} #comment ;--",
    " spaces, tabs\tuser:pass@host/path?query#fragment&a=b ",
    "pässwörd-密码-\u00a0\u2003-ﬁ",
    "ends with a newline\n",
    "\x01\x02\x1b[0m\x7f",
    "SCRAM-SHA-256$4096:x",
    "x" * 255,
)
ALL_OF_THEM = "".join(AWKWARD[:6])


@dataclass(frozen=True)
class Runnable:
    """How a test writes into a kind and reads it, signed in as its clients are."""

    kind: DatabaseKind
    say: Callable[[Setup, str], Command]  # one statement
    write: tuple[str, ...]
    read: str
    expected: str
    farewell: str  # what the server's log says last when it was stopped cleanly
    settings: str
    setting: tuple[str, str]  # a statement, and what it answers once `settings` count

    async def stops_cleanly(self, database: Served) -> bool:
        return await database.stop() == 0 and self.farewell in await database.log(4)


def psql(setup: Setup, statement: str) -> Command:
    credentials = setup.credentials
    options = ("--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1")
    place = ("--host=127.0.0.1", f"--username={credentials.user}", f"--dbname={credentials.database}")
    environment = {"PGPASSWORD": credentials.password.reveal()}
    return Command(("psql", *options, *place, "--command", statement), environment=environment)


def mariadb(setup: Setup, statement: str) -> Command:
    credentials = setup.credentials
    options = ("--no-defaults", "--batch", "--skip-column-names", "--protocol=tcp", "--host=127.0.0.1")
    place = (f"--user={credentials.user}", f"--database={credentials.database}")
    environment = {"MYSQL_PWD": credentials.password.reveal()}
    return Command(("mariadb", *options, *place, "--execute", statement), environment=environment)


def redis_cli(client: str) -> Callable[[Setup, str], Command]:
    def say(setup: Setup, statement: str) -> Command:
        return Command(
            (client, "--no-raw", *json.loads(statement)),
            environment={"REDISCLI_AUTH": setup.credentials.password.reveal()},
        )

    return say


def like_redis(kind: DatabaseKind, client: str) -> Runnable:
    return Runnable(
        kind,
        redis_cli(client),
        ('["SET", "greeting", "ahoy"]', '["HSET", "ship", "masts", "3"]', '["SELECT", "0"]'),
        '["MGET", "greeting"]',
        '1) "ahoy"',
        "is now ready to exit, bye bye",
        "maxmemory 77mb",
        ('["CONFIG", "GET", "maxmemory"]', '1) "maxmemory"\n2) "80740352"'),
    )


RUNNABLE = (
    Runnable(
        DatabaseKind.POSTGRESQL,
        psql,
        (
            "CREATE TABLE ships (name text PRIMARY KEY, masts int)",
            "INSERT INTO ships VALUES ('Gorch Fock', 3), ('CREATE ROLE postgres;', 1)",
            "CREATE ROLE mate LOGIN PASSWORD 'ahoy'",
            "ALTER TABLE ships OWNER TO mate",
            "CREATE DATABASE another",
        ),
        "SELECT name, masts, tableowner FROM ships, pg_tables WHERE tablename = 'ships' ORDER BY name",
        "CREATE ROLE postgres;|1|mate\nGorch Fock|3|mate",
        "database system is shut down",
        "max_connections = 77",
        ("SHOW max_connections", "77"),
    ),
    Runnable(
        DatabaseKind.MARIADB,
        mariadb,
        (
            "CREATE TABLE ships (name varchar(40) PRIMARY KEY, masts int, pixels blob)",
            "INSERT INTO ships VALUES ('Gorch Fock', 3, 0x00ff0a27), ('Krusenstern', 4, NULL)",
            "CREATE USER mate@'%' IDENTIFIED BY 'ahoy'",
            "GRANT SELECT ON app.ships TO mate@'%'",
            "CREATE DATABASE another",
        ),
        "SELECT name, masts, HEX(pixels) FROM ships ORDER BY name",
        "Gorch Fock\t3\t00FF0A27\nKrusenstern\t4\tNULL",
        "mariadbd: Shutdown complete",
        "[mysqld]\nmax_connections = 77",
        ("SELECT @@max_connections", "77"),
    ),
    like_redis(DatabaseKind.REDIS, "redis-cli"),
    like_redis(DatabaseKind.VALKEY, "valkey-cli"),
)
NOT_EVERYWHERE = {DatabaseKind.VALKEY: "x86_64"}  # the package that ships the server


@pytest.fixture(params=RUNNABLE, ids=lambda runnable: runnable.kind.name.lower())
def runnable(request: pytest.FixtureRequest) -> Runnable:
    found: Runnable = request.param
    if NOT_EVERYWHERE.get(found.kind, machine()) != machine():
        pytest.skip(f"there is no {found.kind.name} for {machine()}")
    return found


@pytest.fixture
async def database(runnable: Runnable) -> AsyncGenerator[Served]:
    async with served(CATALOGUE[runnable.kind]) as made:
        await made.start()
        yield made


async def ask(database: Served, runnable: Runnable, statement: str) -> str:
    return (await database.do(runnable.say(database.setup, statement))).strip()


async def write(database: Served, runnable: Runnable) -> None:
    for statement in runnable.write:
        await ask(database, runnable, statement)


@pytest.mark.soak  # through the API it is done in every run
async def test_what_is_written_is_there_after_a_clean_stop_and_in_another_container(
    runnable: Runnable, database: Served
) -> None:
    await write(database, runnable)
    assert await runnable.stops_cleanly(database)
    await database.start()
    assert await ask(database, runnable, runnable.read) == runnable.expected
    database.setup = replace(database.setup, configuration=runnable.settings)
    assert await runnable.stops_cleanly(database)
    await database.recreate()
    await database.start()
    assert await ask(database, runnable, runnable.read) == runnable.expected
    assert await ask(database, runnable, runnable.setting[0]) == runnable.setting[1]
    await database.docker.kill_container(database.name, "KILL")
    assert not await runnable.stops_cleanly(database), "what tells a clean stop tells this one apart"
    await database.start()
    assert await ask(database, runnable, runnable.read) == runnable.expected


@pytest.mark.soak  # through the API it is done in every run
async def test_any_password_can_be_rotated_to_and_only_the_last_one_lets_in(runnable: Runnable) -> None:
    async with served(CATALOGUE[runnable.kind], password=ALL_OF_THEM) as database:
        await database.start()
        assert await database.lets_in(ALL_OF_THEM)
        assert not await database.lets_in(ALL_OF_THEM.strip() + "x")
        for password in AWKWARD:
            before = database.setup.credentials.password.reveal()
            await database.rotate(password)
            assert await database.lets_in(password), password
            assert not await database.lets_in(before), password
            assert not await database.lets_in(password + "x")
        assert await database.stop() == 0
        await database.start()
        assert await database.lets_in(AWKWARD[-1]), "a restart changes nothing"
        assert not await database.lets_in(AWKWARD[0])


@pytest.mark.soak  # through the API it is done in every run
async def test_a_dump_brings_everything_back_after_the_volume_is_gone(
    runnable: Runnable, database: Served, tmp_path: Path
) -> None:
    await write(database, runnable)
    contents = await database.do(database.kind.contents(database.setup))
    await database.dump(tmp_path / "dump")
    await database.rotate("changed since the dump")
    await database.destroy()
    await database.restore(tmp_path / "dump")
    assert await ask(database, runnable, runnable.read) == runnable.expected
    assert await database.do(database.kind.contents(database.setup)) == contents
    assert await database.lets_in("changed since the dump"), "a restore brings back data, not passwords"
    assert await database.stop() == 0
    await database.start()
    assert await ask(database, runnable, runnable.read) == runnable.expected
    assert await database.lets_in("changed since the dump")


async def test_the_password_stands_nowhere_that_others_look(runnable: Runnable) -> None:
    secret, later = "s3cret-Of-The-First-Start", "s3cret-Of-The-Rotation"
    async with served(CATALOGUE[runnable.kind], password=secret) as database:
        await database.start()
        await database.rotate(later)
        assert await database.lets_in(later)
        async with aiodocker.Docker() as docker:
            container = docker.containers.container(database.name)
            seen = json.dumps([await container.show(), await container.top(ps_args="axww -o pid,args")])
        environment = await database.file("/proc/1/environ")
        for place in (seen, environment, await database.log(10_000)):
            assert place
            assert secret not in place
            assert later not in place
        assert f"Uid:\t{database.kind.owner}\t" in await database.file("/proc/1/status")
        everywhere = f"00000000:{database.kind.port:04X} "
        assert everywhere in await database.file("/proc/net/tcp") + await database.file("/proc/net/tcp6")
