"""A newer version takes over what an older one runs: visitors notice nothing, and no container is touched."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy.engine import make_url

from db.migrate import configuration
from db.sessions import writing_engine
from tests.db.programs import REBUILD, later_migrations, later_program
from tests.docker.composed import docker
from tests.docker.load import take_over, visitors
from tests.docker.test_killed import reaches
from tests.docker.world import World

# Each starts two servers, one after the other.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


async def test_a_newer_version_takes_over_and_restarts_nothing(fragile_world: World, tmp_path: Path) -> None:
    world = fragile_world
    environment = await world.environment("shop")
    shop = await world.application(environment, "shop", replicas=2, stopGracePeriod="2s")
    closed = await world.application(environment, "closed", stopGracePeriod="2s")
    await asyncio.gather(shop.deploy(), closed.deploy())
    await closed.stop()
    before = started(world)
    async with visitors(shop) as visits:
        world.stop()
        as_first_released(world)
        await visits.reach(30)
        world.program = later_program(later_migrations(tmp_path, REBUILD))
        world.start()
        await shop.until("RUNNING")
        await closed.until("STOPPED")
        assert started(world) == before
        await take_over(shop, visits, "2", image="wharf-sample:2")
        await visits.reach(30)
    assert visits.wrong == []
    assert (await closed.get()).status == 503
    assert (await shop.get()).text.startswith("hello from 2")
    (backup,) = (world.directory / "data").glob("*.backup")
    assert ".0001.backup" in backup.name


async def test_a_newer_version_finishes_what_an_older_one_began(fragile_world: World, tmp_path: Path) -> None:
    world = fragile_world
    shop = await world.application(await world.environment("shop"), "shop", stopGracePeriod="2s")
    await shop.deploy()
    await shop.change(image="wharf-sample:2")
    async with visitors(shop) as visits:
        deployment = await shop.ask_for()
        await reaches(shop, deployment, "CHECKING")
        visits.expect("2")
        world.kill()
        as_first_released(world)
        world.program = later_program(later_migrations(tmp_path, REBUILD))
        world.start()
        async with asyncio.timeout(10):
            ended = await shop.ended(deployment)
        await visits.reach(30)
    assert visits.wrong == []
    assert ended["status"] == "SUCCEEDED"
    assert (await shop.get()).text.startswith("hello from 2")
    assert len(started(world)) == 2, "a container of the application and the proxy, and nothing is orphaned"


def started(world: World) -> dict[str, str]:
    """Every container of the installation and the moment at which it was started last."""
    mine = f"label=wharf.instance={world.instance_id}"
    found = docker("container", "ls", "--all", "--quiet", "--no-trunc", "--filter", mine).split()
    moments = docker("container", "inspect", "--format", "{{.State.StartedAt}}", *found).splitlines()
    return dict(zip(found, moments, strict=True))


def as_first_released(world: World) -> None:
    """Bring the database back to what the first release would have written."""
    url = f"sqlite:///{world.directory / 'data' / 'wharf.db'}"
    engine = writing_engine(make_url(url), foreign_keys=False)
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
