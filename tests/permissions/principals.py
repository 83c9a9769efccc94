"""Everybody who may come to the API: roles, tokens of each kind, strangers, nobody."""

from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import Session

from db.models import ApiToken, Grant, Identity, Membership, Passkey, Role, Team, User, UserSession, now
from engine.accounts.authorities import of_token, of_user
from engine.accounts.authority import Authority
from engine.accounts.viewer import Viewer, anybody_at
from graph.ids import local_id


def principals(session: Session, ids: Mapping[str, str]) -> dict[str, Viewer]:
    """By name. `ids` are those of the team, the project and the environment that everything is in, and of another."""
    team, project, environment = (local_id(kind, ids[kind]) for kind in ("Team", "Project", "Environment"))
    elsewhere = local_id("Project", ids["Elsewhere"])
    strangers = Team(name="strangers")
    session.add(strangers)
    session.flush()
    owner = _user(session, "owner", (team, Role.OWNER, None))
    developer = _user(session, "developer", (team, Role.DEVELOPER, None))
    users = {
        "stranger": _user(session, "stranger", (strangers.id, Role.OWNER, None)),
        "administrator": _user(session, "administrator", administrator=True),
        "elsewhere": _user(session, "elsewhere", (team, Role.ADMIN, [elsewhere])),
        "viewer": _user(session, "viewer", (team, Role.VIEWER, None)),
        "narrowed": _user(session, "narrowed", (team, Role.DEVELOPER, [project])),
        "developer": developer,
        "admin": _user(session, "admin", (team, Role.ADMIN, None)),
        "owner": owner,
    }
    tokens = {
        "setup": ApiToken(name="setup", hash="1", grant=Grant.SETUP),
        "read": _token("read", owner, team, permissions=["read *"]),
        "write": _token("write", owner, team, permissions=["read *", "create *", "update *", "remove *"]),
        "deploy": _token("deploy", owner, team, permissions=["deploy *"]),
        "inside": _token("inside", developer, team, project_id=project, environment_id=environment),
        "all": ApiToken(name="all", hash="2"),
    }
    named: dict[str, Viewer] = {"nobody": anybody_at("127.0.0.1")}
    named |= {name: _signed_in(session, user) for name, user in users.items()}
    return named | {name: _bearer(session, token) for name, token in tokens.items()}


def _signed_in(session: Session, user: User) -> Viewer:
    row = UserSession(user_id=user.id, hash=user.id, expires_at=now() + timedelta(days=1))
    passkey = Passkey(user_id=user.id, name="phone", credential_id=user.id, public_key="")
    session.add_all([passkey, row, Identity(user_id=user.id, issuer="https://id.example.com", subject=user.name)])
    session.flush()
    return Viewer(user.name, of_user(session, user), user_id=user.id, session_id=row.id)


def _user(
    session: Session, name: str, *memberships: tuple[str, Role, list[str] | None], administrator: bool = False
) -> User:
    user = User(email=f"{name}@example.com", name=name, administrator=administrator)
    session.add(user)
    session.flush()
    for team_id, role, project_ids in memberships:
        session.add(Membership(user_id=user.id, team_id=team_id, role=role, project_ids=project_ids))
    session.flush()
    return user


def _token(name: str, user: User, team_id: str, **limits: object) -> ApiToken:
    token = ApiToken(name=name, hash=name, grant=Grant.LIMITED, user_id=user.id, team_id=team_id)
    for limit, value in limits.items():
        setattr(token, limit, value)
    return token


def _bearer(session: Session, token: ApiToken) -> Viewer:
    session.add(token)
    session.flush()
    return Viewer(token.name, of_token(session, token) or Authority(), user_id=token.user_id, token_id=token.id)
