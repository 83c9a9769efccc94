"""After a maintenance the way to an application becomes free again of itself, whatever happens to us."""

from collections.abc import Iterator

import pytest

from tests.simulation.owner import App, Owner
from tests.simulation.running import Runner, running
from tests.simulation.test_found import deployed
from tests.simulation.world import World


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with running() as made:
        yield made


def lets_go(world: World) -> bool:
    """Whether the proxy lets go what was held."""
    document = world.traefik.document
    assert document
    return document.lets_go


@pytest.mark.parametrize("killed", [False, True])
def test_what_lets_go_is_out_of_the_way_after_a_while(runner: Runner, killed: bool) -> None:
    with deployed(runner) as (world, owner, app):
        _hold_and_let_in(world, owner, app)
        if killed:
            world.kill()
            world.start()
            assert world.until(lambda: world.started, 10.0)
        world.pass_time(20.0)
        assert lets_go(world)
        world.pass_time(20.0)
        assert not lets_go(world)


def _hold_and_let_in(world: World, owner: Owner, app: App) -> None:
    world.run(owner.work_on(app))
    assert world.until(lambda: world.visitors.page(app.host), 10.0)
    world.run(owner.let_in(app))
    assert world.until(lambda: world.visitors.answered(app.host), 10.0)
