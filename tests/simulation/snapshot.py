"""What the control plane and the machine remember, taken together while all rests."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from db.models import (
    Application,
    Container,
    Deployment,
    Domain,
    Environment,
    Event,
    Release,
    Server,
    Subnet,
    Volume,
)
from engine import labels
from engine.engine import Engine
from engine.release_spec import ReleaseSpec
from engine.status import derive_status
from tests.simulation.objects import SimulatedContainer
from tests.simulation.world import World

_APPLICATIONS = select(Application)
_SERVER = select(Server)
_ENVIRONMENTS = select(Environment.id)
_RELEASES = select(Release)
_DEPLOYMENTS = select(Deployment).order_by(col(Deployment.number))
_CONTAINERS = select(Container)
_DOMAINS = select(Domain)
_VOLUMES = select(Volume.id)
_SUBNETS = select(Subnet)
_EVENTS = select(Event).order_by(col(Event.sequence))


@dataclass(slots=True)
class Books:
    """Every row that the invariants are about, and what Docker has."""

    world: World
    server: Server
    applications: dict[str, Application]
    environments: set[str]
    releases: dict[str, Release]
    deployments: list[Deployment]
    rows: dict[str, Container]
    domains: list[Domain]
    volumes: set[str]
    subnets: list[Subnet]
    derived: dict[str, object]
    events: list[Event] = field(default_factory=list)

    def live(self, application: Application) -> Release | None:
        return self.releases.get(application.live_release_id or "")

    def spec(self, release: Release) -> ReleaseSpec:
        return ReleaseSpec.model_validate(release.spec)

    def containers(self, application_id: str | None = None) -> Iterator[SimulatedContainer]:
        """Docker's containers of applications, or of this one."""
        for container in self.world.machine.containers.values():
            owner = container.labels.get(labels.APPLICATION)
            if owner and application_id in (None, owner):
                yield container


def read_books(world: World, engine: Engine) -> Books:
    return engine.sessions.read_now(_read, world)


def _read(session: Session, world: World) -> Books:
    applications = {row.id: row for row in session.exec(_APPLICATIONS)}
    return Books(
        world=world,
        server=session.exec(_SERVER).one(),
        applications=applications,
        environments=set(session.exec(_ENVIRONMENTS)),
        releases={row.id: row for row in session.exec(_RELEASES)},
        deployments=list(session.exec(_DEPLOYMENTS)),
        rows={row.id: row for row in session.exec(_CONTAINERS)},
        domains=list(session.exec(_DOMAINS)),
        volumes=set(session.exec(_VOLUMES)),
        subnets=list(session.exec(_SUBNETS)),
        derived={each.id: derive_status(session, each) for each in applications.values()},
    )


def all_events(engine: Engine) -> list[Event]:
    return engine.sessions.read_now(lambda session: list(session.exec(_EVENTS)))
