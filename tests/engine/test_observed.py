"""What has to be looked at, after Docker has listed what there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session

from db.models import Container, Server, now
from db.sessions import Sessions
from engine.docker.values import ContainerState, ContainerSummary
from engine.observed import to_look_at

RUNNING = ContainerSummary(
    id="c1",
    name="wharf-r1-1",
    labels={"wharf.kind": "application", "wharf.environment": "e1"},
    state=ContainerState.RUNNING,
    status="Up 3 minutes (healthy)",
    addresses={"wharf-e1": "10.0.0.2"},
    endpoints={"wharf-e1": "endpoint-1"},
)
PAUSED = replace(RUNNING, state=ContainerState.PAUSED, status="Up 3 minutes (Paused)")
EXITED = replace(RUNNING, state=ContainerState.EXITED, status="Exited (3) 5 minutes ago", addresses={}, endpoints={})


def running(**fields: object) -> Container:
    """Remembered as RUNNING is listed."""
    known = {"name": RUNNING.name, "state": "running", "health": "healthy", "endpoint": "endpoint-1"}
    ids = {"id": "c1", "server_id": "s1", "application_id": "a1", "release_id": "r1", "replica": 1}
    return Container.model_validate(ids | known | fields)


def ended(minutes_ago: float, exit_code: int = 3) -> Container:
    """Remembered as EXITED is listed, if it was five minutes ago."""
    moment = now() - timedelta(minutes=minutes_ago)
    return running(state="exited", exit_code=exit_code, endpoint=None, finished_at=moment)


@pytest.mark.parametrize(
    ("row", "listed"),
    [
        (running, RUNNING),
        (lambda: running(state="paused", health=None), PAUSED),
        (lambda: ended(5.5), EXITED),
    ],
    ids=["running", "paused", "ended"],
)
async def test_a_container_that_is_as_it_was_is_left_alone(
    sessions: Sessions, row: Callable[[], Container], listed: ContainerSummary
) -> None:
    await sessions.write(keep, row())
    assert await sessions.read(to_look_at, "s1", [listed]) == []


@pytest.mark.parametrize(
    ("row", "listed"),
    [
        (lambda: None, RUNNING),
        (running, None),
        (running, EXITED),
        (running, replace(RUNNING, name="by-hand")),
        (running, replace(RUNNING, status="Up 3 minutes (unhealthy)")),
        (running, replace(RUNNING, endpoints={"wharf-e1": "endpoint-2"})),
        (lambda: running(endpoint=None), replace(RUNNING, endpoints={})),
        (lambda: running(endpoint=None), RUNNING),
        (lambda: running(state="restarting"), replace(RUNNING, state=ContainerState.RESTARTING)),
        (lambda: ended(5.5, exit_code=137), EXITED),
        (lambda: ended(8), EXITED),
        (lambda: ended(1), EXITED),
    ],
    ids=[
        "new",
        "gone",
        "in another state",
        "renamed",
        "of other health",
        "started again",
        "without its network",
        "of before endpoints were remembered",
        "being restarted",
        "ended otherwise",
        "ran and ended again",
        "ended earlier, says another clock",
    ],
)
async def test_any_other_is_looked_at(
    sessions: Sessions, row: Callable[[], Container | None], listed: ContainerSummary | None
) -> None:
    await sessions.write(keep, row())
    assert await sessions.read(to_look_at, "s1", [listed] if listed else []) == ["c1"]


def keep(session: Session, row: Container | None) -> None:
    session.add(Server(id="s1", name="local"))
    session.flush()
    if row is not None:
        session.add(row)
