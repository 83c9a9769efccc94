"""A server of today on the database of every release: it is backed up, migrated, and read whole by the API."""

import json
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.ids import read_global_id
from tests.db.programs import REBUILD, later_migrations, later_program
from tests.db.test_releases import RELEASES
from tests.docker.world import World
from tests.graph.everything import queries

_READABLE = ("project", "environment", "application", "deployment", "release", "domain", "volume", "server")


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The installation that a release has left behind, on a machine whose Docker does not answer."""
    made = World(tmp_path, WHARF_DOCKER_HOST=f"unix://{tmp_path}/nobody.sock")
    shutil.copytree(request.param, tmp_path / "data")
    made.token = json.loads((tmp_path / "data" / "known.json").read_text())["token"]
    yield made
    made.stop()


def ids(world: World, *tables: str) -> set[str]:
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db")) as connection:
        return {row[0] for table in tables for row in connection.execute(f'SELECT id FROM "{table}"')}


async def answers(world: World) -> AsyncGenerator[dict[str, Any]]:
    """What the API says to every query, page by page."""
    for query in queries():
        after, more = None, True
        while more:
            (found,) = (await world.ask(query, **({"after": after} if "$after" in query else {}))).values()
            yield {"found": found}
            page = found.get("pageInfo", {}) if isinstance(found, dict) else {}
            after, more = page.get("endCursor"), page.get("hasNextPage", False)


def named(value: object) -> Iterator[str]:
    """Every id in an answer, as it stands in the database."""
    if isinstance(value, dict):
        if known := read_global_id(str(value.get("id"))):
            yield known[1]
        for each in value.values():
            yield from named(each)
    elif isinstance(value, list):
        for each in value:
            yield from named(each)


async def test_the_api_reads_all_that_a_release_has_left(world: World) -> None:
    wanted = ids(world, *_READABLE)
    world.start()
    found = set[str]()
    async for answer in answers(world):
        found |= set(named(answer))
    assert wanted - found == set()


async def test_the_log_of_a_deployment_is_read_as_it_was_written(world: World) -> None:
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db")) as connection:
        rows = connection.execute(
            "SELECT line.number, text FROM deployment_log_line line JOIN deployment ON deployment.id = deployment_id"
            " WHERE failure_reason = 'EXITED' ORDER BY line.number"
        ).fetchall()
    world.start()
    applications = await world.ask("{ applications { nodes { deployments { nodes { id failure { reason } } } } } }")
    (deployment,) = (
        node["id"]
        for application in applications["applications"]["nodes"]
        for node in application["deployments"]["nodes"]
        if node["failure"] and node["failure"]["reason"] == "EXITED"
    )
    document = "subscription($id: ID!) { deploymentLogs(deploymentId: $id) { number text } }"
    async with world.subscription(document, id=deployment) as messages:
        read = [(line["deploymentLogs"]["number"], line["deploymentLogs"]["text"]) async for line in messages]
    assert rows
    assert read == rows


@pytest.mark.timeout(120)
def test_the_server_copies_the_database_once_before_it_migrates_it(world: World, tmp_path: Path) -> None:
    world.program = later_program(later_migrations(tmp_path, REBUILD))
    world.start()
    world.stop()
    (backup,) = (tmp_path / "data").glob("*.backup")
    assert f"as it was before it is kept as {backup}" in world.log.read_text()
    assert world.command("migrate") == "The database is up to date.\n"
    assert [*(tmp_path / "data").glob("*.backup")] == [backup]
