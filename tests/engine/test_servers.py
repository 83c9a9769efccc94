"""What is said of a server's applications when its Docker engine goes and comes."""

from sqlmodel import Session, col, select

from db.models import (
    Application,
    ApplicationStatus,
    Container,
    DesiredState,
    Environment,
    Event,
    EventKind,
    Project,
    Release,
    Server,
    Team,
)
from db.sessions import Sessions
from engine.docker.values import EngineVersion
from engine.events import EventLog
from engine.release_spec import ReleaseSpec
from engine.servers import server_reachable, server_unreachable

MANY = 150
VERSION = EngineVersion("20.10", "1.41", "linux", "amd64")
SPEC = ReleaseSpec(image="shop:1", image_id="sha256:abc", port=8000).model_dump(mode="json")


async def test_all_applications_are_said_to_be_unreachable_and_then_what_they_are(sessions: Sessions) -> None:
    log = EventLog(sessions, keep=1000)
    await sessions.write(furnish)
    start = log.last
    assert await sessions.write(server_unreachable, "s1", "gone")
    assert set((await sessions.read(statuses)).values()) == {ApplicationStatus.UNREACHABLE}
    assert not await sessions.write(server_unreachable, "s1", "gone"), "which is no news"

    assert await sessions.write(server_reachable, "s1", VERSION)
    found = await sessions.read(statuses)
    assert found.pop("live") is ApplicationStatus.RUNNING
    assert found.pop("down") is ApplicationStatus.FAILING
    assert found.pop("stopped") is ApplicationStatus.STOPPED
    assert set(found.values()) == {ApplicationStatus.NEW}

    told = log.follow(after=start)
    numbers = [(await anext(told)).sequence for _ in range(2 * (MANY + 3 + 1))]
    assert numbers == list(range(start + 1, start + 1 + len(numbers)))
    assert await sessions.read(changes_of, "live") == ["UNREACHABLE", "RUNNING"]


def furnish(session: Session) -> None:
    session.add(Server(id="s1", name="local"))
    session.add(Team(id="t1", name="t1"))
    session.flush()
    session.add(Project(id="p1", team_id="t1", name="p1"))
    session.flush()
    session.add(Environment(id="e1", team_id="t1", project_id="p1", name="e1"))
    session.flush()
    for number in range(MANY):
        session.add(application(f"new-{number}"))
    session.add(application("stopped", desired=DesiredState.STOPPED))
    for name, ready in (("live", True), ("down", False)):
        session.add(application(name, live_release_id=f"r-{name}", last_release_id=f"r-{name}"))
        session.flush()
        session.add(Release(id=f"r-{name}", application_id=name, number=1, spec=SPEC))
        ids = {"id": name, "name": name, "server_id": "s1", "application_id": name, "release_id": f"r-{name}"}
        session.add(Container.model_validate({**ids, "replica": 1, "state": "running", "ready": ready}))


def application(name: str, **fields: object) -> Application:
    return Application.model_validate(
        {"id": name, "environment_id": "e1", "server_id": "s1", "name": name, "image": "shop:1", **fields}
    )


def statuses(session: Session) -> dict[str, ApplicationStatus]:
    return {row.id: row.status for row in session.exec(select(Application))}


def changes_of(session: Session, application_id: str) -> list[str]:
    query = select(Event).where(Event.application_id == application_id, Event.kind == EventKind.APPLICATION_STATUS)
    return [row.data["status"] for row in session.exec(query.order_by(col(Event.sequence)))]
