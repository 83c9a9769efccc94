"""Users of a team, as those who ask."""

from collections.abc import Sequence

from sqlmodel import Session, select

from db.models import Membership, Role, Team, User, UserSession
from engine.accounts.authorities import of_user
from engine.accounts.user_sessions import Browser, begin
from engine.accounts.viewer import Viewer
from graph.ids import local_id
from tests.graph.api.conftest import Api


async def member(
    api: Api, name: str, role: Role, *, team: str | None = None, projects: Sequence[str] | None = None
) -> Viewer:
    """Somebody new in the team with this id, by default the one that there is from the start."""
    team_id = local_id("Team", team or await api.team())
    keys = [local_id("Project", each) for each in projects] if projects is not None else None
    user_id = await api.engine.sessions.write(_add, name, team_id, role, keys)
    return await seen_as(api, user_id)


async def administrator(api: Api, name: str = "administrator") -> Viewer:
    """Somebody who looks after the installation, and is in no team."""
    return await seen_as(api, await api.engine.sessions.write(_add_administrator, name))


async def seen_as(api: Api, user_id: str) -> Viewer:
    """The user, with what they may do at this moment."""
    return await api.engine.sessions.read(_viewer, user_id)


async def team_of_others(api: Api, name: str = "others") -> str:
    """The id of another team, in which nobody is."""
    return str((await api.do("createTeam", "team { id }", name=name))["team"]["id"])


def _add(session: Session, name: str, team_id: str, role: Role, project_ids: list[str] | None) -> str:
    user = User(email=f"{name}@example.com", name=name)
    session.add(user)
    session.flush()
    session.add(
        Membership(user_id=user.id, team_id=session.get_one(Team, team_id).id, role=role, project_ids=project_ids)
    )
    return _with_session(session, user)


def _add_administrator(session: Session, name: str) -> str:
    user = User(email=f"{name}@example.com", name=name, administrator=True)
    session.add(user)
    session.flush()
    return _with_session(session, user)


def _with_session(session: Session, user: User) -> str:
    begin(session, user, f"cookie of {user.name}", Browser())
    return user.id


def _viewer(session: Session, user_id: str) -> Viewer:
    user = session.get_one(User, user_id)
    signed_in = session.exec(select(UserSession.id).where(UserSession.user_id == user_id)).first()
    return Viewer(user.name, of_user(session, user), user_id=user_id, session_id=signed_in)
