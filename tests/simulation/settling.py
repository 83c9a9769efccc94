"""The end of every schedule: faults stop, and all must come to rest, as it is wanted."""

from tests.simulation.invariants import contradictions
from tests.simulation.snapshot import read_books
from tests.simulation.world import World

_LONGEST = 400.0  # seconds of virtual time; the longest pauses of ours between two attempts are 60


def settle(world: World) -> list[str]:
    """What still contradicts the invariants when the time is up; nothing, as soon as nothing does."""
    deadline = world.loop.time() + _LONGEST
    found = ["Nothing ever rests."]
    while world.until_quiet(deadline):
        assert world.engine is not None
        found = contradictions(read_books(world, world.engine))
        if not found or world.violations:
            break
        world.trace(f"    (not yet: {found[0]})")
        world.skip_quiet()
    return found
