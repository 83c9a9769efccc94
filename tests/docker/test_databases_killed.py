"""The control plane is killed while it works on a database: it finishes what was asked for, and nothing is lost."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.docker.clients import read, write
from tests.docker.composed import docker
from tests.docker.world import Database, World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


async def killed(world: World, after: float) -> None:
    """The server is killed some time after what was just asked for, and started again."""
    await asyncio.sleep(after)  # which moment of the work that is does not matter: every one has to do
    world.kill()
    world.start()


async def running(world: World, environment: str, name: str) -> Database:
    database = await world.database(environment, "POSTGRESQL", name, version="15")
    await database.until("RUNNING", within=60)
    return database


@pytest.mark.parametrize("after", [0.0, 0.4, 1.0])
async def test_a_database_that_was_being_made_comes_up(
    mortal_world: World, mortal_environment: str, unique: Callable[[str], str], after: float
) -> None:
    database = await mortal_world.database(mortal_environment, "POSTGRESQL", unique("db"), version="15")
    await killed(mortal_world, after)
    await database.until("RUNNING", within=60)
    await write(database, "POSTGRESQL", "one")
    assert await read(database, "POSTGRESQL") == "one"


async def test_whatever_is_asked_of_a_database_is_finished_after_a_kill(
    mortal_world: World, mortal_environment: str, unique: Callable[[str], str]
) -> None:
    world = mortal_world
    database = await running(world, mortal_environment, unique("db"))
    await write(database, "POSTGRESQL", "one")
    for after in (0.0, 0.3):
        before = (await database.credentials())["password"]
        await database.do("rotateDatabasePassword")
        await killed(world, after)
        await database.until_true("rotating", lambda seen: not seen["rotating"])
        assert (await database.credentials())["password"] != before
        assert await read(database, "POSTGRESQL") == "one", "what we remember is what the server takes"
    for after in (0.15, 1.0):
        await database.do("restartDatabase")
        await killed(world, after)
        await database.until("RUNNING", within=60)
    await database.do("updateDatabase", configuration="max_connections = 7")
    await killed(world, 0.0)
    await database.until("RUNNING", within=60)
    name = (await database.see("container { name }"))["container"]["name"]
    assert docker("exec", name, "psql", "-U", "postgres", "-Atc", "SHOW max_connections").strip() == "7"
    await database.do("stopDatabase")
    await killed(world, 0.1)
    await database.until("STOPPED")
    assert (await database.see("container { exitCode }"))["container"]["exitCode"] == 0
    await database.do("startDatabase")
    await killed(world, 0.1)
    await database.until("RUNNING", within=60)
    assert await read(database, "POSTGRESQL") == "one"
    await database.expose()
    await killed(world, 0.1)
    await database.until_proxy("LISTENING")
    await world.do("removeDatabase", databaseId=database.id, removeVolume=True, confirmName=database.name)
    await killed(world, 0.1)
    await eventually(database.is_gone)
    mine = ("--all", "--quiet", "--filter", f"label=wharf.instance={world.instance_id}")
    assert docker("container", "ls", *mine, "--filter", "label=wharf.database").split() == []


async def test_a_container_that_is_killed_or_removed_by_hand_comes_back(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await running(world, environment, unique("db"))
    await write(database, "POSTGRESQL", "one")
    name = (await database.see("container { name }"))["container"]["name"]
    for harm in (("kill", name), ("rm", "--force", name), ("stop", name)):
        cursor = (await world.ask("{ eventCursor }"))["eventCursor"]
        docker(*harm)
        document = """subscription($id: ID!, $after: Cursor) { databaseEvents(databaseId: $id, after: $after) {
            ... on DatabaseStatusChanged { status } } }"""
        told = []
        async with world.subscription(document, id=database.id, after=cursor) as messages:
            async for message in messages:
                if status := message["databaseEvents"].get("status"):
                    told.append(status)
                if told[-1:] == ["RUNNING"]:
                    break
        assert told[0] == "STARTING", "it was said at once that it does not run"
        assert await read(database, "POSTGRESQL") == "one"


async def test_data_are_never_taken_for_what_a_first_start_has_left(
    mortal_world: World, mortal_environment: str, unique: Callable[[str], str]
) -> None:
    world = mortal_world
    database = await running(world, mortal_environment, unique("db"))
    await write(database, "POSTGRESQL", "one")
    before = (await database.see("container { name startedAt }"))["container"]
    world.kill()
    # As if we had been killed just before we could write down that it was ready, and the host had gone down later.
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db")) as connection, connection:
        connection.execute("UPDATE database SET data_version = NULL")
    docker("stop", before["name"])
    world.start()
    await database.until_true(
        "status container { startedAt }",
        lambda seen: seen["status"] == "RUNNING" and seen["container"]["startedAt"] != before["startedAt"],
        within=60,
    )
    assert await read(database, "POSTGRESQL") == "one"
