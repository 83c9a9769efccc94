"""One installation for all tests that do not hurt it, and one of its own for each that does."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.docker.world import World, eventually


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running installation that every test may use and none may break."""
    yield from _running(World(tmp_path_factory.mktemp("world")))


@pytest.fixture(scope="module")
def mortal_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running installation for the tests of one module, all of which kill its server and start it again."""
    yield from _running(World(tmp_path_factory.mktemp("mortal")))


@pytest.fixture
def fragile_world(tmp_path: Path) -> Iterator[World]:
    """A running installation for one test alone, to be killed and starved."""
    yield from _running(World(tmp_path))


def _running(made: World) -> Iterator[World]:
    try:
        made.start()
        yield made
    finally:
        made.stop()
        made.command("uninstall", "--yes", "--volumes")


@pytest.fixture
async def environment(world: World, unique: Callable[[str], str]) -> AsyncGenerator[str]:
    """The id of an environment of the shared installation, whose applications are removed afterwards."""
    async with _environment_of(world, unique("project")) as environment_id:
        yield environment_id


@pytest.fixture
async def mortal_environment(mortal_world: World, unique: Callable[[str], str]) -> AsyncGenerator[str]:
    """The same, of the installation whose server is killed, and runs when a test begins and when it ends."""
    async with _environment_of(mortal_world, unique("project")) as environment_id:
        yield environment_id
        if not mortal_world.answers():
            mortal_world.kill()
            mortal_world.start()


@asynccontextmanager
async def _environment_of(world: World, project: str) -> AsyncGenerator[str]:
    environment_id = await world.environment(project)
    yield environment_id
    document = "query($id: ID!) { environment(id: $id) { applications { id } } }"
    found = await world.ask(document, id=environment_id)
    for application in found["environment"]["applications"]:
        await world.do("removeApplication", applicationId=application["id"])

    async def empty() -> bool:
        return not (await world.mutate("removeEnvironment", environmentId=environment_id))["errors"]

    await eventually(empty, within=30)
