"""Databases: made with two words, started, stopped, changed, gone; their servers are real."""

import asyncio
from collections.abc import Callable

import pytest

from tests.docker.clients import AWKWARD, Refused, read, write
from tests.docker.composed import docker
from tests.docker.world import World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

KINDS = [("POSTGRESQL", "15"), ("MARIADB", "10.11"), ("REDIS", "7.0"), ("VALKEY", "9.1")]
kinds = pytest.mark.parametrize(("kind", "version"), KINDS, ids=[kind.lower() for kind, _ in KINDS])


@kinds
async def test_what_is_in_a_database_outlives_every_stop(
    world: World, environment: str, unique: Callable[[str], str], kind: str, version: str
) -> None:
    database = await world.database(environment, kind, unique("db"), version=version)
    await database.until("RUNNING")
    await write(database, kind, "one")
    await database.do("stopDatabase")
    await database.until("STOPPED")
    assert (await database.see("container { exitCode }"))["container"]["exitCode"] == 0, "it shut down by itself"
    await database.do("startDatabase")
    await database.until("RUNNING")
    await write(database, kind, "two")
    before = (await database.see("container { startedAt }"))["container"]["startedAt"]
    assert (await database.do("restartDatabase"))["status"] == "STARTING"
    await database.until("RUNNING")
    assert (await database.see("container { startedAt }"))["container"]["startedAt"] != before
    assert await read(database, kind) == "one two"


@kinds
async def test_a_new_password_is_the_only_one_that_opens(
    world: World, environment: str, unique: Callable[[str], str], kind: str, version: str
) -> None:
    database = await world.database(environment, kind, unique("db"), version=version)
    await database.until("RUNNING")
    await write(database, kind, "one")
    old = (await database.credentials())["password"]
    assert len(old) == 32
    assert (await database.do("rotateDatabasePassword", password=AWKWARD))["rotating"]
    await database.until_true("rotating", lambda seen: not seen["rotating"])
    assert await database.see("rotationFailure") == {"rotationFailure": None}
    assert (await database.credentials())["password"] == AWKWARD
    assert await read(database, kind) == "one"
    with pytest.raises(Refused):
        await read(database, kind, password=old)
    await database.do("restartDatabase")
    await database.until("RUNNING")
    assert await read(database, kind) == "one", "the new password stays"


async def test_a_changed_database_is_made_anew_on_the_same_data(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15")
    await database.until("RUNNING")
    await write(database, "POSTGRESQL", "one")
    before = (await database.see("container { id }"))["container"]["id"]
    await database.do(
        "updateDatabase",
        configuration="max_connections = 7",
        memoryLimit="256MiB",
        variables=[{"name": "TZ", "value": "Europe/Zurich"}],
    )
    await database.until_true(
        "status container { id ready }",
        lambda seen: seen["status"] == "RUNNING" and seen["container"]["id"] != before and seen["container"]["ready"],
    )
    assert await read(database, "POSTGRESQL") == "one"
    name = (await database.see("container { name }"))["container"]["name"]
    assert docker("exec", name, "psql", "-U", "postgres", "-Atc", "SHOW max_connections").strip() == "7"
    assert docker("inspect", "--format", "{{.HostConfig.Memory}}", name).strip() == str(256 * 1024**2)
    assert (await database.see("variables { name }"))["variables"] == [{"name": "TZ"}]


async def test_a_version_that_cannot_open_the_data_is_refused(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15")
    refused = await world.mutate("updateDatabase", databaseId=database.id, version="16")
    assert [(error["code"], error["field"]) for error in refused["errors"]] == [
        ("INVALID_INPUT", ["input", "version"])
    ]
    assert "dump it" in refused["errors"][0]["message"]


async def test_an_application_follows_the_password_of_its_database(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15")
    shop = await world.application(environment, unique("shop"))
    await database.until("RUNNING")
    linked = await world.do("linkDatabase", "link { id variable }", databaseId=database.id, applicationId=shop.id)
    assert (await shop.deploy())["status"] == "SUCCEEDED"
    url = (await database.credentials())["internalUrl"]
    assert url.startswith(f"postgresql://postgres:{(await database.credentials())['password']}@{database.name}:5432/")
    assert await variable_of(world, shop.id, "DATABASE_URL") == url
    # What was changed since and not deployed is not deployed by a new password.
    await shop.change(image="wharf-sample:2")
    await database.do("rotateDatabasePassword")
    new_url = await until_another(world, shop.id, "DATABASE_URL", url)
    assert new_url == (await database.credentials())["internalUrl"]
    assert (await shop.get()).text.startswith("hello from 1")
    by_hand = await world.mutate("removeEnvironmentVariables", applicationId=shop.id, names=["DATABASE_URL"])
    assert [error["code"] for error in by_hand["errors"]] == ["CONFLICT"]
    in_use = await world.mutate("removeDatabase", databaseId=database.id)
    assert [error["code"] for error in in_use["errors"]] == ["CONFLICT"]
    await world.do("unlinkDatabase", linkId=linked["link"]["id"])
    await world.do("removeDatabase", databaseId=database.id)
    await eventually(database.is_gone)


async def test_data_go_only_when_that_is_said_by_name(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    kept, gone = [await world.database(environment, "REDIS", unique("db"), version="7.0") for _ in range(2)]
    await asyncio.gather(kept.until("RUNNING"), gone.until("RUNNING"))
    volumes = [await volume_of(world, each.id) for each in (kept, gone)]
    refused = await world.mutate("removeDatabase", databaseId=gone.id, removeVolume=True, confirmName="db")
    assert refused["errors"][0]["field"] == ["input", "confirmName"]
    await world.do("removeDatabase", databaseId=kept.id)
    await world.do("removeDatabase", databaseId=gone.id, removeVolume=True, confirmName=gone.name)
    await eventually(kept.is_gone)
    await eventually(gone.is_gone)
    there = docker("volume", "ls", "--quiet").split()
    assert [volume in there for volume in volumes] == [True, False]
    docker("volume", "rm", volumes[0])


async def test_one_that_cannot_start_says_why_and_is_mended_by_a_change(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(
        environment, "POSTGRESQL", unique("db"), version="15", configuration="max_connections = many"
    )
    await database.until("FAILING")
    problem = (await database.see("problem { reason message exitCode log }"))["problem"]
    assert problem["reason"] == "EXITED"
    assert problem["exitCode"] == 1
    assert any("max_connections" in line for line in problem["log"]), problem["log"]
    await database.do("updateDatabase", configuration=None)
    await database.until("RUNNING")
    assert await database.see("problem { reason }") == {"problem": None}


async def test_an_image_that_nobody_has_is_told(world: World, environment: str, unique: Callable[[str], str]) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="14")
    await database.until("FAILING")
    assert (await database.see("problem { reason }"))["problem"]["reason"] in (
        "IMAGE_NOT_FOUND",
        "REGISTRY_UNREACHABLE",
    )
    await database.do("stopDatabase")
    await database.until("STOPPED")


async def test_credentials_are_read_in_one_place_and_that_is_written_down(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "REDIS", unique("db"), version="7.0", password=AWKWARD)
    await database.until("RUNNING")
    cursor = (await world.ask("{ eventCursor }"))["eventCursor"]
    document = """subscription($id: ID!, $after: Cursor) { databaseEvents(databaseId: $id, after: $after) {
        __typename ... on CredentialsRead { by } } }"""
    async with world.subscription(document, id=database.id, after=cursor) as messages:
        assert (await database.credentials())["password"] == AWKWARD
        message = await anext(messages)
    assert message["databaseEvents"] == {"__typename": "CredentialsRead", "by": "tests"}
    name = (await database.see("container { name }"))["container"]["name"]
    told = docker("inspect", name) + docker("top", name) + world.log.read_text()
    assert "two lines" not in told
    with pytest.raises(Refused):
        await read(database, "REDIS", password="another")


async def test_logs_and_stats_of_a_database_are_live(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15")
    await database.until("RUNNING")
    logs = "subscription($id: ID!) { databaseLogs(databaseId: $id, tail: 1000) { sequence text } }"
    async with world.subscription(logs, id=database.id) as messages:
        async for message in messages:
            if "ready to accept connections" in message["databaseLogs"]["text"]:
                break
    stats = "subscription($id: ID!) { databaseStats(databaseId: $id) { memoryBytes containerId } }"
    async with world.subscription(stats, id=database.id) as messages:
        assert (await anext(messages))["databaseStats"]["memoryBytes"] > 1_000_000


async def variable_of(world: World, application_id: str, name: str) -> str | None:
    """The value that a running container of the application has in its environment."""
    found = await world.ask(
        "query($id: ID!) { application(id: $id) { containers { name state } } }", id=application_id
    )
    (running,) = [each for each in found["application"]["containers"] if each["state"] == "RUNNING"]
    lines = docker("exec", running["name"], "/bin/busybox", "env").splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{name}=")), None)


async def until_another(world: World, application_id: str, name: str, value: str) -> str | None:
    """The value once it is another, and only one container runs."""
    async with asyncio.timeout(30):
        while True:
            try:
                now = await variable_of(world, application_id, name)
            except (ValueError, AssertionError):
                now = value  # two releases side by side, or the container has just gone
            if now != value:
                return now
            await asyncio.sleep(0.05)


async def volume_of(world: World, database_id: str) -> str:
    found = await world.ask("query($id: ID!) { database(id: $id) { container { name } } }", id=database_id)
    name = found["database"]["container"]["name"]
    return docker("inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", name).strip()
