"""The state machine of a deployment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from db.models import Application, Deployment, DeploymentKind, DeploymentStatus, Environment, Project, Server, Team
from db.sessions import Sessions
from engine.deployments.steps import CANCELLABLE, NEXT, IllegalMove, become

S = DeploymentStatus
MOVES = [(before, after) for before in S for after in S]


def a_deployment(session: Session, status: DeploymentStatus) -> Deployment:
    team, server = Team(name="us"), Server(name="local")
    project = Project(team_id=team.id, name="shop")
    environment = Environment(team_id=team.id, project_id=project.id, name="production")
    application = Application(environment_id=environment.id, server_id=server.id, name="web", image="web:1")
    deployment = Deployment(application_id=application.id, number=1, kind=DeploymentKind.DEPLOY, status=status)
    for row in (team, project, server, environment, application, deployment):
        session.add(row)
        session.flush()
    return deployment


@pytest.mark.parametrize(("before", "after"), [move for move in MOVES if move[1] not in NEXT[move[0]]])
def test_an_illegal_move_is_refused(before: DeploymentStatus, after: DeploymentStatus) -> None:
    deployment = Deployment(application_id="a", number=1, kind=DeploymentKind.DEPLOY, status=before)
    with pytest.raises(IllegalMove, match=f"{before.value} cannot become {after.value}"):
        become(Session(), deployment, after)


async def test_the_happy_way_goes_through_every_step(sessions: Sessions) -> None:
    def walk(session: Session) -> Deployment:
        deployment = a_deployment(session, S.QUEUED)
        for status in (S.PREPARING, S.STARTING, S.CHECKING, S.ROUTING, S.RETIRING, S.SUCCEEDED):
            assert deployment.finished_at is None
            become(session, deployment, status)
        return deployment

    deployment = await sessions.write(walk)
    assert deployment.started_at is not None
    assert deployment.finished_at is not None


@given(st.lists(st.sampled_from(list(S))))
def test_an_end_stays_an_end(moves: list[DeploymentStatus]) -> None:
    status = S.QUEUED
    for after in moves:
        if after in NEXT[status]:
            status = after
    assert NEXT[status] or status in {S.SUCCEEDED, S.FAILED, S.CANCELLED, S.SUPERSEDED}


def test_a_deployment_can_be_cancelled_until_requests_go_to_its_release() -> None:
    assert {S.QUEUED, S.PREPARING, S.STARTING, S.CHECKING} == CANCELLABLE
