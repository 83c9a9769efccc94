"""What schedules have found, each told as the shortest story that shows it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from engine.docker.connection import Request
from tests.simulation import traefik
from tests.simulation.clockwork import clockwork
from tests.simulation.images import BETTER, GOOD
from tests.simulation.owner import App, Owner
from tests.simulation.records import Records
from tests.simulation.running import Runner, running
from tests.simulation.settling import settle
from tests.simulation.world import World, listening


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with running() as made:
        yield made


@contextmanager
def deployed(runner: Runner) -> Iterator[tuple[World, Owner, App]]:
    """An application that is live, in good weather."""
    runner.workshop.fresh()
    world = World(runner.workshop, "found")
    runner.graves.append(world)
    with clockwork(lambda: world.machine.now), listening(world):
        owner = Owner(world)
        world.start()
        assert world.until(lambda: world.started, 10.0)
        made: list[App] = []

        async def deploying() -> None:
            app = await owner.create("shop", GOOD)
            await owner.deploy(app)
            await owner.ended(app)
            made.append(app)

        world.run(deploying())
        assert world.until(lambda: bool(made), 60.0)
        assert settle(world) == []
        yield world, owner, made[0]
        assert (settle(world), world.violations) == ([], [])
        world.kill()
        world.close()


def test_a_container_that_docker_would_not_describe_is_asked_about_again(runner: Runner) -> None:
    """Schedule 20000115, of the first version: what an event told was lost when the question after it failed."""
    with deployed(runner) as (world, owner, app):
        records = Records(runner.workshop.database)
        world.run(owner.stop(app))
        assert world.until(lambda: records.status(app.id) == "STOPPED", 20.0)
        world.pass_time(1.0)
        asked: list[str] = []

        def refuses(request: Request) -> bool:
            asked.append(request.path)
            return request.method == "GET" and request.path.startswith("containers/")

        world.daemon.refuses = refuses
        [container] = [each for each in world.machine.containers.values() if not each.is_proxy]
        world.machine.remove(container)
        assert world.until(lambda: f"containers/{container.id}/json" in asked, 5.0)
        world.pass_time(0.5)
        world.daemon.refuses = None


def test_a_network_that_docker_would_not_remove_goes_later(runner: Runner) -> None:
    """Schedule 10000658: what could not be removed with its environment waited for the next start."""
    with deployed(runner) as (world, owner, app):
        records = Records(runner.workshop.database)
        world.run(owner.remove(app, volumes=True))
        assert world.until(lambda: records.status(app.id) == "", 20.0)
        asked: list[str] = []

        def refuses(request: Request) -> bool:
            removal = request.method == "DELETE" and request.path.startswith("networks/")
            asked.extend([request.path] * removal)
            return removal and len(asked) == 1

        world.daemon.refuses = refuses
        world.run(owner.remove_environment(app.environment_id))
        assert world.until(lambda: bool(asked), 5.0)


def test_nobody_is_sent_to_what_a_failed_deployment_left(runner: Runner) -> None:
    """Schedule 10005246: the answers to a delivery and to the way back were lost, and the new release ended first."""
    with deployed(runner) as (world, owner, app):
        records = Records(runner.workshop.database)
        [old] = [each.id for each in world.machine.containers.values() if not each.is_proxy]
        delivered: list[str] = []

        def loses(request: Request) -> bool:
            delivered.extend([request.path] * (request.method == "PUT"))
            return bool(delivered) and (request.method == "PUT" or request.path == f"containers/{old}/json")

        world.daemon.loses = loses
        world.run(owner.deploy(app, BETTER))
        assert world.until(lambda: "FAILED" in records.story(app.id)[-1], 20.0)
        world.daemon.loses = None


def test_a_document_whose_delivery_was_not_answered_does_not_come_after_the_way_back(runner: Runner) -> None:
    """Schedule 10006741: the proxy still served the document before, so that nothing was sent to bring it back."""
    with deployed(runner) as (world, owner, app):
        records = Records(runner.workshop.database)
        lost: list[str] = []

        def loses(request: Request) -> bool:
            first = request.method == "PUT" and not lost
            lost.extend([request.path] * first)
            return first

        world.daemon.loses = loses
        world.run(owner.deploy(app, BETTER))
        with mock.patch.object(traefik, "_LOADS", (0.8, 0.8)):
            assert world.until(lambda: "FAILED" in records.story(app.id)[-1], 20.0)
            world.pass_time(1.0)


def test_an_older_document_that_comes_last_does_not_stay(runner: Runner) -> None:
    """Schedule 40000273: a delivery of the killed control plane was carried out after those of the next one."""
    with deployed(runner) as (world, owner, app):
        world.daemon.delay_of = lambda request: 4.0 if request.method == "PUT" else 0.0
        world.run(owner.move(app))
        assert world.until(lambda: "PUT" in world.daemon.under_way, 5.0)
        world.daemon.delay_of = None
        world.kill()
        world.start()
        assert world.until(lambda: world.started, 5.0)
        world.run(owner.stop(app))
        world.pass_time(6.0)
