"""One installation for all tests that do not hurt it, and one of its own for each that does."""

from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.faults import Target, running_target
from tests.docker.world import World, eventually


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running installation that every test may use and none may break."""
    yield from _running(World(tmp_path_factory.mktemp("world")))


@pytest.fixture
def fragile_world(tmp_path: Path) -> Iterator[World]:
    """A running installation for one test alone, to be killed and starved."""
    yield from _running(World(tmp_path))


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


def _running(made: World) -> Iterator[World]:
    made.start()
    try:
        yield made
    finally:
        made.stop()
        made.command("uninstall", "--yes", "--volumes")


@pytest.fixture
async def environment(world: World, unique: Callable[[str], str]) -> AsyncGenerator[str]:
    """The id of an environment of the shared installation, whose applications are removed afterwards."""
    environment_id = await world.environment(unique("project"))
    yield environment_id
    document = "query($id: ID!) { environment(id: $id) { applications { id } } }"
    found = await world.ask(document, id=environment_id)
    for application in found["environment"]["applications"]:
        await world.do("removeApplication", applicationId=application["id"])

    async def empty() -> bool:
        return not (await world.mutate("removeEnvironment", environmentId=environment_id))["errors"]

    await eventually(empty, within=30)
