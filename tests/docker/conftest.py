"""One installation for all tests that do not hurt it, and one of its own for each that does."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.docker.faults import Target, running_target
from tests.docker.relay import Relay, running_relay
from tests.docker.world import World, eventually


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running installation that every test may use and none may break."""
    made = World(tmp_path_factory.mktemp("world"))
    made.preloads = False  # its memory is measured
    with made.running():
        yield made


@pytest.fixture(scope="module")
def mortal_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running installation for the tests of one module, all of which kill its server and start it again."""
    with World(tmp_path_factory.mktemp("mortal")).running() as made:
        yield made


@pytest.fixture
def fragile_world(tmp_path: Path) -> Iterator[World]:
    """A running installation for one test alone, to be killed and starved."""
    with World(tmp_path).running() as made:
        yield made


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with running_relay(tmp_path / "docker.sock") as running:
        yield running


@pytest.fixture
def far_world(tmp_path: Path, relay: Relay) -> Iterator[World]:
    """An installation whose Docker engine can be taken away, and tells what it was asked."""
    world = World(tmp_path, WHARF_DOCKER_HOST=relay.url)
    world.start()
    try:
        yield world
    finally:
        relay.mend()
        world.stop()
        world.uninstall()


@pytest.fixture(scope="session")
def hurt_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One installation for all tests that hurt what it can mend by itself."""
    with running_target(tmp_path_factory.mktemp("hurt")) as target:
        yield target


@pytest.fixture
async def target(hurt_world: Target) -> AsyncGenerator[Target]:
    """The installation to hurt, whole when a test gets it and given the time to mend afterwards."""
    await hurt_world.repaired()
    yield hurt_world
    await hurt_world.repaired()


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
    document = "query($id: ID!) { environment(id: $id) { applications { id } databases { id name links { id } } } }"
    found = (await world.ask(document, id=environment_id))["environment"]
    for database in found["databases"]:
        for link in database["links"]:
            await world.do("unlinkDatabase", linkId=link["id"])
        name = database["name"]
        await world.do("removeDatabase", databaseId=database["id"], removeVolume=True, confirmName=name)
    for application in found["applications"]:
        await world.do("removeApplication", applicationId=application["id"])

    async def empty() -> bool:
        return not (await world.mutate("removeEnvironment", environmentId=environment_id))["errors"]

    await eventually(empty, within=30)
