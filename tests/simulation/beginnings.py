"""What schedules begin with: installations whose control plane does not run, made by the engine, and copied."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from db.models import Strategy
from tests.simulation.clockwork import Workshop, clockwork
from tests.simulation.images import BETTER, GOOD
from tests.simulation.objects import SimulatedContainer, SimulatedNetwork
from tests.simulation.oracle import Promise
from tests.simulation.owner import App, Owner
from tests.simulation.settling import settle
from tests.simulation.traefik import Document
from tests.simulation.world import World, listening


@dataclass(frozen=True, slots=True)
class Beginning:
    """An installation whose control plane does not run, and whose machine rests."""

    database: bytes
    time: float
    next_id: int
    next_object: int
    containers: dict[str, SimulatedContainer]
    networks: dict[str, SimulatedNetwork]
    volumes: dict[str, dict[str, str]]
    served: dict[tuple[str, int], Document]
    promises: dict[str, Promise]
    live: frozenset[str]
    kept_volumes: frozenset[str]
    apps: list[App]
    environments: list[str]
    made: int

    def restore(self, world: World, workshop: Workshop) -> Owner:
        """Make `world` what this was; its owner."""
        workshop.fresh(self.database)
        world.loop.begin_at(self.time)
        machine = world.machine
        machine.containers = _copied(self.containers)
        machine.networks = dict(self.networks)
        machine.volumes = dict(self.volumes)
        machine.count_from(self.next_object)
        world.traefik.served = dict(self.served)
        machine.go_on()
        world.visitors.promises = {host: replace(promise) for host, promise in self.promises.items()}
        world.visitors.live = set(self.live)
        world.kept_volumes = set(self.kept_volumes)
        world.visitors.look()
        return Owner(world, [replace(app) for app in self.apps], list(self.environments), self.made)


Story = Callable[[World, Owner], Awaitable[None]]


async def nothing(_world: World, _owner: Owner) -> None:
    """A new installation."""


async def one_that_was_redeployed(_world: World, owner: Owner) -> None:
    await owner.environment()
    shop = await owner.create("shop", GOOD)
    await owner.deploy(shop)
    await owner.ended(shop)
    await owner.deploy(shop, image=BETTER)
    await owner.ended(shop)


async def two_of_all_kinds(_world: World, owner: Owner) -> None:
    await owner.environment()
    shop = await owner.create("shop", GOOD, replicas=2)
    books = await owner.create("books", GOOD, strategy=Strategy.RECREATE, volume=True)
    for app in (shop, books):
        await owner.deploy(app)
        await owner.ended(app)


async def one_that_was_stopped(_world: World, owner: Owner) -> None:
    await owner.environment()
    shop = await owner.create("shop", GOOD, volume=True)
    await owner.deploy(shop)
    await owner.ended(shop)
    await owner.stop(shop)
    await owner.environment()
    await owner.create("books", GOOD)


STORIES: tuple[Story, ...] = (nothing, one_that_was_redeployed, two_of_all_kinds, one_that_was_stopped)


def make(workshop: Workshop, story: Story, graves: list[World]) -> Beginning:
    """Live through `story` in good weather, and stop there. Its world goes to the `graves`."""
    workshop.fresh()
    world = World(workshop, story.__name__)
    graves.append(world)
    with clockwork(lambda: world.machine.now) as ids, listening(world):
        owner = Owner(world)
        world.start()
        assert world.until(lambda: world.started, 10.0), "the control plane starts"
        told = []

        async def live_through() -> None:
            await story(world, owner)
            told.append(True)

        world.run(live_through())
        assert world.until(lambda: bool(told), 100.0), f"{story.__name__} is told"
        assert not settle(world), f"{story.__name__} ends well: {world.violations}"
        world.kill()
        world.close()
        return taken(workshop, world, owner, ids)


def taken(workshop: Workshop, world: World, owner: Owner, ids: Iterator[int]) -> Beginning:
    """What is left of `world`, in which nothing lives any more."""
    machine = world.machine
    return Beginning(
        database=workshop.content(),
        time=world.loop.time(),
        next_id=next(ids),
        next_object=machine.next_object(),
        containers=_copied(machine.containers),
        networks=dict(machine.networks),
        volumes=dict(machine.volumes),
        served=dict(world.traefik.served),
        promises={host: replace(promise) for host, promise in world.visitors.promises.items()},
        live=frozenset(world.visitors.live),
        kept_volumes=frozenset(world.kept_volumes),
        apps=owner.apps,
        environments=owner.environments,
        made=owner.made,
    )


def _copied(containers: dict[str, SimulatedContainer]) -> dict[str, SimulatedContainer]:
    return {
        id_: replace(
            each,
            endpoints={name: replace(end) for name, end in each.endpoints.items()},
            files=dict(each.files),
            ended=[],
        )
        for id_, each in containers.items()
    }
