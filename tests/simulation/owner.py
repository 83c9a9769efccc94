"""What people ask for, through the same functions as the API's resolvers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select

from db.models import Deployment, Domain, Event, MaintenanceMode, Strategy, Team, Volume
from engine.domains.requests import NewDomain
from engine.engine import Engine
from engine.names import domain_url
from engine.secrets import Secret
from engine.variables import VariableDraft
from engine.volumes import VolumeDraft
from tests.simulation.images import PORT
from tests.simulation.invariants import SECRET
from tests.simulation.world import World

_FIRST_TEAM = select(Team.id)
_LAST_EVENT = select(func.max(Event.sequence))


@dataclass(slots=True)
class App:
    """An application as its owner knows it."""

    id: str
    name: str
    host: str
    environment_id: str
    strategy: Strategy


@dataclass(slots=True)
class Owner:
    """Asks the control plane of `world` as it is at that moment."""

    world: World
    apps: list[App] = field(default_factory=list)
    environments: list[str] = field(default_factory=list)
    made: int = 0

    @property
    def engine(self) -> Engine:
        assert self.world.engine is not None
        return self.world.engine

    async def environment(self) -> str:
        self.made += 1
        team_id = await self.engine.sessions.read(_first_team)
        project = await self.engine.projects.create(team_id, f"project-{self.made}")
        environment = await self.engine.projects.create_environment(project.id, "production")
        self.environments.append(environment.id)
        return environment.id

    async def create(
        self, name: str, image: str, *, strategy: Strategy = Strategy.ROLLING, replicas: int = 1, volume: bool = False
    ) -> App:
        environment_id = self.environments[-1] if self.environments else await self.environment()
        made = await self.engine.applications.create(
            environment_id,
            {
                "name": name,
                "image": image,
                "port": PORT,
                "replicas": replicas,
                "strategy": strategy,
                "stop_grace": 2.0,
            },
            [VariableDraft("PASSWORD", Secret(SECRET), secret=True)],
            [VolumeDraft("data", "/data", read_only=False)] if volume else [],
        )
        app = App(made.id, name, f"{name}.test", environment_id, strategy)
        self.apps.append(app)
        await self.engine.domains.add(app.id, NewDomain(domain_url(f"http://{app.host}")))
        self.world.visitors.expect(app.host, app.id, interrupted_by_deploying=strategy is Strategy.RECREATE)
        return app

    async def deploy(self, app: App, image: str | None = None, replicas: int | None = None) -> None:
        if image is not None:
            await self.engine.applications.update(app.id, {"image": image})
        if replicas is not None:
            await self.engine.applications.update(app.id, {"replicas": replicas})
        await self.engine.deployments.deploy(app.id, "somebody")

    async def ended(self, app: App) -> None:
        """Wait until no deployment of `app` is under way."""
        async for _ in self.engine.events.follow(after=0):
            if self.engine.sessions.read_now(_under_way, app.id) is None:
                return

    async def roll_back(self, app: App) -> None:
        await self.engine.deployments.roll_back(app.id, None, "somebody")

    async def restart(self, app: App) -> None:
        await self.engine.deployments.restart(app.id, "somebody")

    async def start(self, app: App) -> None:
        await self.engine.deployments.start(app.id, "somebody")

    async def stop(self, app: App) -> None:
        self.world.visitors.bar(app.id)
        await self.engine.deployments.stop(app.id)

    async def work_on(self, app: App) -> None:
        """Have its visitors wait."""
        self.world.visitors.bar(app.id)
        await self.engine.maintenance.set(app.id, MaintenanceMode.HOLD, "")

    async def let_in(self, app: App) -> None:
        """Have them wait no more."""
        await self.engine.maintenance.set(app.id, MaintenanceMode.OFF, "")

    async def cancel(self, app: App) -> None:
        if deployment_id := self.engine.sessions.read_now(_under_way, app.id):
            await self.engine.deployments.cancel(deployment_id)

    async def remove(self, app: App, *, volumes: bool) -> None:
        self.world.visitors.promises.pop(app.host, None)
        kept = self.engine.sessions.read_now(_volumes, app.id)
        self.world.kept_volumes |= set() if volumes else kept
        await self.engine.applications.remove(app.id, remove_volumes=volumes)

    async def move(self, app: App) -> None:
        """Give its domain another host."""
        if domain_id := self.engine.sessions.read_now(_domain, app.id):
            self.made += 1
            self.world.visitors.promises.pop(app.host, None)
            app.host = f"{app.name}-{self.made}.test"
            await self.engine.domains.update(domain_id, {"url": domain_url(f"http://{app.host}")})
            self.world.visitors.expect(app.host, app.id, interrupted_by_deploying=app.strategy is Strategy.RECREATE)

    async def remove_environment(self, environment_id: str) -> None:
        await self.engine.projects.remove_environment(environment_id)
        if environment_id in self.environments:
            self.environments.remove(environment_id)


class Follower:
    """One who follows the events, is cut off, and goes on from the last number it has heard."""

    def __init__(self, world: World) -> None:
        self.heard: list[int] = []
        self._world = world
        self._cuts = 0

    def begin(self) -> None:
        """Take the last event there is as heard: what is heard from now on must follow it."""
        assert self._world.engine is not None
        if last := self._world.engine.sessions.read_now(_last_event):
            self.heard.append(last)

    async def follow(self) -> None:
        """Until cut."""
        engine = self._world.engine
        assert engine is not None
        self._cuts += 1
        turn = self._cuts
        # Somebody who was killed before an event was told to anybody has not heard of it either.
        events: AsyncGenerator[Event, None] = engine.events.follow(after=self.heard[-1] if self.heard else 0)
        async with aclosing(events):
            async for event in events:
                if turn != self._cuts:
                    return
                self.heard.append(event.sequence or 0)

    def resume(self) -> None:
        """Cut what there was, and follow anew."""
        if self._world.started:
            self._world.run(self.follow())


def _last_event(session: Session) -> int | None:
    return session.exec(_LAST_EVENT).one()


def _under_way(session: Session, application_id: str) -> str | None:
    query = select(Deployment.id).where(
        Deployment.application_id == application_id, col(Deployment.finished_at).is_(None)
    )
    return session.exec(query).first()


def _domain(session: Session, application_id: str) -> str | None:
    return session.exec(select(Domain.id).where(Domain.application_id == application_id)).first()


def _volumes(session: Session, application_id: str) -> set[str]:
    return set(session.exec(select(Volume.id).where(Volume.application_id == application_id)))


def _first_team(session: Session) -> str:
    return session.exec(_FIRST_TEAM).first() or ""
