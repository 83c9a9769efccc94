"""The end of every schedule: faults stop, and all must come to rest, as it is wanted."""

from sqlalchemy import text
from sqlmodel import Session

from engine.engine import Engine
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
        found = _contradicting(world, world.engine)
        if not found or world.violations:
            break
        world.trace(f"    (not yet: {found[0]})")
        world.skip_quiet()
    return found


def _contradicting(world: World, engine: Engine) -> list[str]:
    if not world.started:
        return ["The control plane has not started."]
    return engine.sessions.read_now(obvious) or contradictions(read_books(world, engine))


_OBVIOUS = text("""
    SELECT 'deployment ' || number || ' is ' || status FROM deployment WHERE finished_at IS NULL
    UNION SELECT name || ' is to be removed' FROM application WHERE desired = 'REMOVED'
    UNION SELECT name || ' is stopping' FROM application WHERE status = 'STOPPING'
    UNION SELECT 'Docker is ' || state FROM server WHERE state != 'REACHABLE'
    UNION SELECT 'the proxy is ' || proxy_state FROM server WHERE proxy_state != 'RUNNING'
""")


def obvious(session: Session) -> list[str]:
    """What is cheap to see; the rest is looked at when nothing of this is left."""
    return [f"Not at rest: {found}." for found in session.connection().execute(_OBVIOUS).scalars()]
