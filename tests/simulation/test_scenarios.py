"""The simulation stays honest: the same scenarios, with the same outcome, on it and on the real Docker."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiodocker
import pytest

from db.models import Strategy
from engine.docker.gateway import DockerGateway
from engine.secrets import Secret
from engine.variables import VariableDraft
from tests.docker.relay import Relay, running_relay
from tests.docker.world import Application, World, eventually
from tests.simulation.clockwork import Workshop, clockwork
from tests.simulation.owner import App, Owner
from tests.simulation.records import Records
from tests.simulation.running import Runner, running
from tests.simulation.scenarios import SCENARIOS, Stage
from tests.simulation.settling import settle
from tests.simulation.world import World as SimulatedWorld
from tests.simulation.world import listening

_VERBS = {"deploy": "deploy", "rollBack": "roll_back", "start": "start"}
Scenario = Callable[[Stage], Awaitable[None]]


class SimulatedStage:
    """Plays in virtual time."""

    def __init__(self, world: SimulatedWorld, workshop: Workshop) -> None:
        self._world = world
        self._owner = Owner(world)
        self._apps: dict[str, App] = {}
        self._records = Records(workshop.database)

    async def create(self, name: str, strategy: str = "ROLLING") -> str:
        app = await self._ask(self._owner.create(name, "wharf-sample:1", strategy=Strategy(strategy)))
        self._apps[app.id] = app
        await self._published()
        return str(app.id)

    async def deploy(self, app: str, verb: str = "deploy", **changes: str) -> None:
        await self._ask(self._change(app, changes))
        await self._ask(getattr(self._owner, _VERBS[verb])(self._apps[app]))
        await self.until(self._ended(app))

    async def begin_to_deploy(self, app: str, until: str, **changes: str) -> None:
        await self._ask(self._change(app, changes))
        await self._ask(self._owner.deploy(self._apps[app]))

        async def reached() -> bool:
            return self.story(app)[-1][-1] == until

        await self.until(reached)

    async def stop(self, app: str) -> None:
        await self._ask(self._owner.stop(self._apps[app]))
        await self.until(self._said(app, "STOPPED"))

    async def remove(self, app: str) -> None:
        await self._ask(self._owner.remove(self._apps[app], volumes=False))
        await self.until(self._said(app, ""))

    async def kill_and_start(self) -> None:
        self._world.kill()
        await asyncio.sleep(1.0)
        self._world.start()

    async def kill_container(self, app: str) -> None:
        self._world.visitors.disturbed = True
        for container in self._containers(app):
            self._world.machine.kill(container)

    async def lose_docker(self) -> None:
        self._world.daemon.unreachable()

    async def find_docker(self) -> None:
        self._world.daemon.reachable = True

    async def answer(self, app: str) -> str:
        document = self._world.traefik.document
        host = self._apps[app].host
        if document is None or host not in document.hosts:
            return "404"
        names = document.hosts[host]
        if names is None:
            return "503"
        container = self._world.traefik.reaches(names[0])
        return container.image.id.removeprefix("sha256:")[0] if container else "502"

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(60):
            while not await condition():
                await asyncio.sleep(0.02)

    def status(self, app: str) -> str:
        return self._records.status(app)

    def story(self, app: str) -> list[list[str]]:
        return self._records.story(app)

    async def running(self, app: str) -> int:
        return sum(each.running for each in self._containers(app))

    def _containers(self, app: str) -> list[Any]:
        machine = self._world.machine
        return [each for each in machine.containers.values() if each.labels.get("wharf.application") == app]

    async def _change(self, app: str, changes: dict[str, str]) -> None:
        engine = self._owner.engine
        if "image" in changes:
            await engine.applications.update(app, {"image": changes["image"]})
        if "boot" in changes:
            await engine.applications.set_variables(app, [VariableDraft("BOOT", Secret(changes["boot"]))])

    async def _ask(self, job: Any) -> Any:
        """What `job` gives, done as a part of the control plane."""
        done = asyncio.get_running_loop().create_future()

        async def doing() -> None:
            done.set_result(await job)

        self._world.run(doing())
        return await done

    async def _published(self) -> None:
        engine = self._owner.engine
        await self._ask(engine.host.publisher.publish())

    def _ended(self, app: str) -> Callable[[], Awaitable[bool]]:
        async def ended() -> bool:
            return not self._records.under_way(app)

        return ended

    def _said(self, app: str, status: str) -> Callable[[], Awaitable[bool]]:
        async def said() -> bool:
            return self.status(app) == status

        return said


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with running() as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_application_of_the_simulation(runner: Runner, scenario: Scenario) -> None:
    workshop = runner.workshop
    workshop.fresh()
    world = SimulatedWorld(workshop, scenario.__name__)
    with clockwork(lambda: world.machine.now), listening(world):
        world.start()
        assert world.until(lambda: world.started, 10.0)
        playing = world.loop.create_task(scenario(SimulatedStage(world, workshop)))
        assert world.until(playing.done, 600.0)
        playing.result()
        assert (settle(world), world.violations) == ([], [])
        world.kill()
        world.close()
    runner.graves.append(world)


class RealStage:
    """Plays on the real Docker, through the API of a real server process."""

    def __init__(self, world: World, relay: Relay, environment: str) -> None:
        self._world = world
        self._relay = relay
        self._environment = environment
        self._apps: dict[str, Application] = {}
        self._records = Records(world.directory / "data" / "wharf.db")

    async def create(self, name: str, strategy: str = "ROLLING") -> str:
        made = await self._world.application(self._environment, name, strategy=strategy)
        app = self._records.id_of(name)
        self._apps[app] = made
        # The first of them waits for the proxy to be made, too.
        await eventually(lambda: self._is_answered(app, "503"), within=90)
        return app

    async def deploy(self, app: str, verb: str = "deploy", **changes: str) -> None:
        await self._change(app, changes)
        await self._apps[app].deploy(verb)

    async def begin_to_deploy(self, app: str, until: str, **changes: str) -> None:
        await self._change(app, changes)
        await self._apps[app].ask_for()

        async def reached() -> bool:
            return self.story(app)[-1][-1] == until

        await eventually(reached)

    async def stop(self, app: str) -> None:
        await self._apps[app].stop()

    async def remove(self, app: str) -> None:
        await self._world.do("removeApplication", applicationId=self._apps[app].id)

        async def gone() -> bool:
            return self.status(app) == ""

        await eventually(gone, within=20)

    async def clear(self) -> None:
        """Remove what the scenario leaves."""
        for app in list(self._apps):
            if self.status(app):
                await self.remove(app)
        self._apps.clear()

    async def kill_and_start(self) -> None:
        self._world.kill()
        self._world.start()

    async def kill_container(self, app: str) -> None:
        async with aiodocker.Docker() as docker:
            for container in await self._containers(app):
                await (await docker.containers.get(container)).kill()

    async def lose_docker(self) -> None:
        self._relay.cut()

    async def find_docker(self) -> None:
        self._relay.mend()

    async def answer(self, app: str) -> str:
        reply = await self._apps[app].get()
        return reply.headers.get("X-Version", str(reply.status))

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        await eventually(condition, within=30)

    def status(self, app: str) -> str:
        return self._records.status(app)

    def story(self, app: str) -> list[list[str]]:
        return self._records.story(app)

    async def running(self, app: str) -> int:
        return len(await self._containers(app))

    async def _containers(self, app: str) -> list[str]:
        """Those that run."""
        docker = DockerGateway(None)
        try:
            found = await docker.list_containers({"wharf.application": app})
        finally:
            await docker.close()
        return [each.id for each in found if each.state.value == "running"]

    async def _change(self, app: str, changes: dict[str, str]) -> None:
        if "image" in changes:
            await self._apps[app].change(image=changes["image"])
        if "boot" in changes:
            await self._apps[app].variables(BOOT=changes["boot"])

    async def _is_answered(self, app: str, how: str) -> bool:
        try:
            return await self.answer(app) == how
        except OSError:
            return False


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStage]:
    directory = tmp_path_factory.mktemp("stage")
    with running_relay(directory / "docker.sock") as relay:
        world = World(directory, WHARF_DOCKER_HOST=relay.url)
        world.start()
        try:
            environment = asyncio.run(world.environment("scenarios"))
            yield RealStage(world, relay, environment)
        finally:
            relay.mend()
            world.stop()
            world.uninstall()


@pytest.mark.docker
@pytest.mark.timeout(180)
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_an_application_on_the_real_docker(real: RealStage, scenario: Scenario) -> None:
    try:
        await scenario(real)
    finally:
        await real.find_docker()
        await real.clear()
