"""One schedule: from its number alone, what is asked for, what goes wrong, and when."""

import hashlib
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from engine import labels
from tests.simulation.beginnings import Beginning, taken
from tests.simulation.clockwork import Workshop, clockwork
from tests.simulation.images import BETTER, BROKEN, DEAF, GOOD, LATE, MISSING, SILENT
from tests.simulation.invariants import contradictions_of
from tests.simulation.objects import SimulatedContainer
from tests.simulation.owner import App, Follower, Owner
from tests.simulation.settling import obvious, settle
from tests.simulation.snapshot import all_events
from tests.simulation.weather import Mishap
from tests.simulation.world import World, listening

_BEGINNINGS = (15, 45, 25, 15)  # weights, in the order of the stories
INTERRUPTIONS = 400
"""How many different installations there are that were interrupted."""
_INTERRUPTED = 0.6
_IMAGES = (GOOD, BETTER, BETTER, BROKEN, SILENT, LATE, DEAF, MISSING)
_KILL_STEPS = 80
_COMMITS = 14  # more than most of what somebody asks for takes
_REST_SECONDS = 30.0  # after which everything that Docker was doing is done

Rested = Sequence[Beginning]
Interrupted = Callable[[int], Beginning]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one schedule. `violations` is empty when all invariants held."""

    number: int
    violations: tuple[str, ...]
    steps: int
    seconds: float  # of virtual time
    course: str  # the same for two schedules in which the same happened in the same order


class Schedule:
    """Lives through schedule `number`, once."""

    def __init__(self, number: int, workshop: Workshop, tell: Callable[[str], None] | None = None) -> None:
        self.number = number
        self.world = World(workshop, f"weather {number}", tell=tell)
        self._workshop = workshop
        self._lot = random.Random(f"plan {number}")
        self._owner = Owner(self.world)
        self._horizon = 0.0

    def run(self, rested: Rested, interrupted: Interrupted) -> Outcome:
        """Most schedules begin where somebody had asked for something and a kill came in between."""
        commands: tuple[int, ...] = (1, 1, 1, 2, 2, 3)
        [beginning] = self._lot.choices(rested, _BEGINNINGS)
        if self._lot.random() < _INTERRUPTED:
            commands = (0, 0, 0, 1)
            beginning = interrupted(self._lot.randrange(INTERRUPTIONS))
        world = self.world
        with clockwork(lambda: world.machine.now, beginning.next_id), listening(world):
            self._owner = beginning.restore(world, self._workshop)
            began = world.loop.time()
            follower = Follower(world)
            world.on_start.append(lambda _engine: follower.resume())
            self._draw(began, follower, self._lot.choice(commands))
            world.start()
            follower.begin()
            world.pass_time(self._horizon - began)
            if not world.violations:
                self._end(follower)
            course = hashlib.blake2b("\n".join(world.course).encode(), digest_size=8).hexdigest()
            return Outcome(self.number, tuple(world.violations), world.loop.steps, world.loop.time() - began, course)

    def interrupt(self, rested: Rested) -> Beginning | None:
        """What is left when somebody asks for something, and the control plane is killed while it does that.

        None if it had done it all.
        """
        [beginning] = self._lot.choices(rested, _BEGINNINGS)
        world = self.world
        with clockwork(lambda: world.machine.now, beginning.next_id) as ids, listening(world):
            self._owner = beginning.restore(world, self._workshop)
            world.start()
            assert world.until(lambda: world.started, 10.0), "the control plane starts"
            self._command()
            last = world.commits + self._lot.randrange(1, _COMMITS)
            world.until(lambda: world.commits >= last, _REST_SECONDS)
            world.pass_time(self._lot.choice((0.0, self._lot.uniform(0.0, 0.1))))
            assert world.engine is not None
            if not world.engine.sessions.read_now(obvious):
                return None
            world.kill()
            world.until(lambda: world.loop.idle, _REST_SECONDS)
            world.close()
            assert not world.violations, world.violations
            return taken(self._workshop, world, self._owner, ids)

    def _end(self, follower: Follower) -> None:
        world = self.world
        world.trace("--- faults stop")
        world.weather.calm()
        world.daemon.reachable = True
        world.loop.break_nowhere()
        if world.engine is None:
            world.start()
        contradicting = settle(world)
        if world.violations:
            return
        for sentence in contradicting:
            world.violated(sentence)
        assert world.engine is not None
        for sentence in contradictions_of(world, all_events(world.engine), [follower.heard]):
            world.violated(sentence)

    # What is drawn by lot.

    def _draw(self, began: float, follower: Follower, commands: int) -> None:
        lot, world = self._lot, self.world
        self._draw_weather()
        when = began + lot.choice((0.0, 0.5, 1.5))
        for _ in range(commands):
            when += lot.choice((lot.uniform(0.0, 0.05), lot.uniform(0.0, 1.5)))
            self._at(when, self._command)
        span = when - began + 1.5
        for _ in range(lot.choice((0, 0, 1, 1, 2))):
            self._at(began + lot.uniform(0.0, span), self._kill)
        if lot.random() < 0.25:
            for _ in range(lot.choice((1, 1, 2))):
                self._at(began + lot.uniform(0.0, span), self._disturb)
        if lot.random() < 0.15:
            self._at(began + lot.uniform(0.0, span), self._outage)
        if lot.random() < 0.2:
            self._at(began + lot.uniform(0.0, span), world.daemon.cut_streams)
        if lot.random() < 0.3:
            self._at(began + lot.uniform(0.0, span), follower.resume)
        self._horizon += lot.uniform(0.5, 3.0)

    def _draw_weather(self) -> None:
        lot, weather = self._lot, self.world.weather
        weather.pace = lot.choice((0.001, 0.005, 0.005, 0.02, 0.1))
        weather.slow = lot.choice((0.0, 0.0, 0.02, 0.1))
        weather.proxy_deaf = lot.choice((0.0,) * 9 + (0.3,))
        if lot.random() < 0.5:
            weather.chances = {mishap: lot.choice((0.0, 0.01, 0.05)) for mishap in Mishap}

    def _at(self, when: float, action: Callable[[], None]) -> None:
        self._horizon = max(self._horizon, when)
        self.world.at(when, action)

    def _command(self) -> None:
        if not self.world.started:
            return
        lot, owner = self._lot, self._owner
        if not owner.apps or lot.random() < 0.08:
            name = f"new-{owner.made}"
            self._ask(f"create and deploy {name}", self._create_and_deploy(name))
            return
        app = lot.choice(owner.apps)
        image, replicas = lot.choice(_IMAGES), lot.choice((1, 2, 3))
        commands: tuple[tuple[int, str, Callable[[], Coroutine[Any, Any, None]]], ...] = (
            (8, f"deploy {image}", lambda: owner.deploy(app, image)),
            (3, f"scale to {replicas}", lambda: owner.deploy(app, replicas=replicas)),
            (4, "deploy", lambda: owner.deploy(app)),
            (3, "roll back", lambda: owner.roll_back(app)),
            (3, "restart", lambda: owner.restart(app)),
            (3, "stop", lambda: owner.stop(app)),
            (3, "start", lambda: owner.start(app)),
            (4, "cancel", lambda: owner.cancel(app)),
            (1, "work on", lambda: owner.work_on(app)),
            (2, "let in", lambda: owner.let_in(app)),
            (2, "give another host", lambda: owner.move(app)),
            (2, "remove", lambda: owner.remove(app, volumes=False)),
            (1, "remove with volumes", lambda: owner.remove(app, volumes=True)),
            (1, "remove environment", lambda: owner.remove_environment(app.environment_id)),
        )
        _, what, ask = lot.choices(commands, [weight for weight, *_ in commands])[0]
        self._ask(f"{what} ({app.name})", ask())

    def _ask(self, what: str, job: Coroutine[Any, Any, None]) -> None:
        self.world.trace(f">>> {what}")
        self.world.run(job)

    async def _create_and_deploy(self, name: str) -> None:
        app: App = await self._owner.create(name, self._lot.choice((GOOD, BROKEN)))
        await self._owner.deploy(app)

    def _kill(self) -> None:
        self.world.loop.break_at(self.world.loop.steps + self._lot.randrange(_KILL_STEPS), self._now_kill)

    def _now_kill(self) -> None:
        if self.world.engine is not None:
            self.world.kill()
            self.world.machine.later(self._lot.choice((0.0, 0.3, 2.0)), self._start_again)

    def _start_again(self) -> None:
        if self.world.engine is None:
            self.world.start()

    def _outage(self) -> None:
        self.world.trace("!!! Docker cannot be reached")
        self.world.daemon.unreachable()
        self.world.machine.later(self._lot.choice((0.5, 3.0, 8.0)), self._reachable_again)

    def _reachable_again(self) -> None:
        self.world.trace("!!! Docker can be reached again")
        self.world.daemon.reachable = True

    def _disturb(self) -> None:
        world, lot = self.world, self._lot
        machine = world.machine
        world.visitors.disturbed = True
        if lot.random() < 0.1:
            world.trace("!!! the host reboots")
            self._outage()
            machine.reboot()
            return
        containers = [each for each in machine.containers.values() if each.running]
        if not containers:
            return
        container = lot.choice(containers)
        network = container.labels.get(labels.ENVIRONMENT)
        troubles: list[tuple[str, Callable[[SimulatedContainer], None]]] = [
            ("ends by itself", lambda each: machine.die(each, 1)),
            ("is killed by hand", machine.kill),
            ("is removed by hand", machine.remove),
        ]
        if network and labels.network_name(network) in container.endpoints:
            name = labels.network_name(network)
            troubles.append(("is taken off its network", lambda each: machine.disconnect(name, each)))
        what, trouble = lot.choice(troubles)
        world.trace(f"!!! {container.name} {what}")
        trouble(container)
