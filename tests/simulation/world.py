"""The whole simulated installation: the real engine, which can be killed and started, and all around it."""

import logging
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from db.models import Deployment, DeploymentStatus
from engine.engine import Engine
from engine.errors import EngineError
from engine.exposures.ports import Ports
from engine.settings import EngineSettings
from tests.simulation.clockwork import Workshop
from tests.simulation.docker import Daemon
from tests.simulation.images import PROXY
from tests.simulation.loop import GENERATION, VirtualLoop
from tests.simulation.machine import Machine
from tests.simulation.oracle import Visitors
from tests.simulation.traefik import SimulatedOutside, Traefik
from tests.simulation.weather import Weather

_QUIET_SECONDS = 0.45

MISTAKE = "Nothing goes wrong that we did not foresee"


class World:
    """`seed` decides everything that is not asked for."""

    def __init__(self, workshop: Workshop, seed: str, *, tell: Callable[[str], None] | None = None) -> None:
        self.weather = Weather(random.Random(seed))
        self.loop = VirtualLoop(self.weather.thread_delay)
        self._tell = tell
        self.machine = Machine(self.loop, self.weather, self.trace)
        self.machine.happened = lambda what, whom: self.course.append(f"{what} {whom}")
        self.daemon = Daemon(self.machine)
        self.traefik = Traefik(self.machine)
        self.violations: list[str] = []
        self.visitors = Visitors(self.traefik, self.violated)
        self.machine.changed.append(self.visitors.look)
        self.daemon.strayed.append(self._stray)
        self.generation = 0
        self.commits = 0  # of what somebody is told
        self.course: list[str] = []  # what happened, in order: by it schedules are told apart
        self.kept_volumes: set[str] = set()
        self.engine: Engine | None = None
        self.started = False
        self.on_start: list[Callable[[Engine], None]] = []
        self._past: list[Engine] = []  # letting go of them would run the cleaning up of the dead
        self._workshop = workshop

    @property
    def traced(self) -> bool:
        return self._tell is not None

    def trace(self, text: str) -> None:
        if self._tell:
            self._tell(f"{self.loop.time():9.3f}  {text}")

    def violated(self, sentence: str) -> None:
        self.trace(f"VIOLATED: {sentence}")
        self.violations.append(sentence)

    # The control plane.

    def start(self) -> None:
        """Start the control plane on the database as it is."""
        assert self.engine is None
        self.generation += 1
        self.trace(f"--- the control plane starts (life {self.generation})")
        settings = EngineSettings(
            data_directory=self._workshop.directory,
            database_url=self._workshop.url,
            docker_host=None,
            network_pool="10.213.0.0/20",
            proxy_image=PROXY,
            proxy_address="127.0.0.1",
            http_port=80,
            https_port=443,
            events_kept=1_000_000,
            database_images=None,
            tcp_ports=Ports(9000, 9100),
            tcp_address="127.0.0.1",
            public_host="db.example.com",
        )
        self.engine = engine = Engine(settings, SimulatedOutside(self.daemon, self.traefik))
        engine.sessions.on_commit(self._committed)
        self.run(self._starting(engine))

    async def _starting(self, engine: Engine) -> None:
        await engine.start()
        self.started = True
        for each in self.on_start:
            each(engine)

    def kill(self) -> None:
        """SIGKILL. What it has asked of Docker may still happen."""
        if self.engine is None:
            return
        self.trace("--- the control plane is killed")
        self.course.append("killed")
        self.loop.kill(self.generation)
        self._past.append(self.engine)
        self.engine, self.started = None, False

    def _stray(self) -> None:
        # A document of the dead comes after ours: no visitor can be spared that, only soon be led right again.
        self.visitors.disturbed = True

    def run(self, job: Coroutine[Any, Any, Any]) -> None:
        """Run something as a part of the control plane: it dies with it."""
        context = copy_context()
        context.run(GENERATION.set, self.generation)
        self.loop.create_task(self._guarded(job), context=context)

    async def _guarded(self, job: Coroutine[Any, Any, Any]) -> None:
        try:
            await job
        except EngineError as error:
            self.trace(f"    refused: {error}")

    def _committed(self, notes: list[object]) -> None:
        self.commits += 1
        for note in notes:
            if isinstance(note, Deployment):
                self.course.append(f"{note.id} {note.status.value}")
                self.trace(f"deployment {note.number} of {note.application_id[-4:]}: {note.status.value}")
                if note.status is DeploymentStatus.RETIRING:
                    self.visitors.confirm(note.application_id)
                if note.status is DeploymentStatus.SUCCEEDED:
                    self.visitors.lift(note.application_id, note.created_at)

    # Time.

    def at(self, when: float, action: Callable[[], None]) -> None:
        self.machine.later(max(0.0, when - self.loop.time()), action)

    def pass_time(self, seconds: float) -> None:
        self.loop.run_until(lambda: bool(self.violations), self.loop.time() + seconds)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        return self.loop.run_until(condition, self.loop.time() + seconds)

    def until_quiet(self, deadline: float) -> bool:
        """Run until nothing is to happen for a while; whether that was before the deadline."""
        while self.loop.time() < deadline:
            if self.loop.quiet_for(_QUIET_SECONDS):
                return True
            self.loop.run_until(lambda: self.loop.quiet_for(_QUIET_SECONDS), deadline)
        return False

    def skip_quiet(self) -> None:
        """Let the next thing happen after a quiet moment."""
        self.loop.run_until(lambda: not self.loop.quiet_for(_QUIET_SECONDS), self.loop.time() + 70.0)

    def close(self) -> None:
        for error in self.loop.errors:
            self.violated(f"{MISTAKE}: {error.get('message')} {error.get('exception')!r}.")
        self.loop.close()
        for engine in [*self._past, *([self.engine] if self.engine else [])]:
            engine.sessions.close()


@contextmanager
def listening(world: World) -> Iterator[None]:
    """What the control plane logs meanwhile is heard by `world`, and by nobody else."""
    listener = Listener(world)
    engine = logging.getLogger("engine")
    before = engine.level, engine.propagate
    engine.setLevel(logging.INFO if world.traced else logging.ERROR)
    engine.propagate = False
    engine.addHandler(listener)
    try:
        yield
    finally:
        engine.removeHandler(listener)
        engine.setLevel(before[0])
        engine.propagate = before[1]


class Listener(logging.Handler):
    """What the control plane writes into its log; an error in it is a violation."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            detail = f" {record.exc_info[1]!r}" if record.exc_info else ""
            self._world.violated(f"{MISTAKE}: {record.getMessage()}{detail}.")
        else:
            self._world.trace(f"log: {record.getMessage()}")
