"""Teams and who is in them."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, delete, func, select

from db.models import ApiToken, Certificate, EventKind, Invitation, Membership, Project, Role, Team, User
from db.sessions import Sessions
from engine.accounts.acting import authority_of
from engine.accounts.authority import INSTALLATION, Action, Authority, Noun, Place
from engine.accounts.roles import ROLES
from engine.accounts.tokens import end_tokens
from engine.errors import Conflict, InvalidInput, NameTaken, NotFound, NotNow
from engine.events import record

_NAME = ("input", "name")
_ROLE = ("input", "role")


class Teams:
    """What the API may do to teams and their members."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def create(self, name: str, owner_id: str | None) -> Team:
        """A team, which this user owns. Raises `NameTaken`."""
        return await self._sessions.write(_create, name, owner_id)

    async def rename(self, team_id: str, name: str) -> Team:
        """Raises `NotFound`, `NameTaken`."""
        return await self._sessions.write(_rename, team_id, name)

    async def remove(self, team_id: str) -> None:
        """With its memberships and tokens.

        Raises `NotFound`, and `Conflict` while it has projects or certificates, and for the last one.
        """
        await self._sessions.write(_remove, team_id)

    async def add_member(
        self, team_id: str, user_id: str, role: Role, project_ids: Sequence[str] | None
    ) -> Membership:
        """Somebody who can sign in already is in the team from now on.

        Raises `NotFound`, `Conflict` for a member, `InvalidInput` for projects of others, `NotNow` for a role beyond
        what whoever asks may do.
        """
        return await self._sessions.write(_add_member, team_id, user_id, role, project_ids)

    async def update_membership(self, membership_id: str, changes: dict[str, object]) -> Membership:
        """Another `role`, other `project_ids`.

        Raises `NotFound`, `InvalidInput`, `NotNow`, and `Conflict` for the last owner.
        """
        return await self._sessions.write(_update_membership, membership_id, changes)

    async def remove_membership(self, membership_id: str) -> None:
        """Raises `NotFound`, `NotNow`, and `Conflict` for the last owner."""
        await self._sessions.write(_remove_membership, membership_id)


def team_of(session: Session, team_id: str) -> Team:
    """Raises `NotFound`."""
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound("There is no such team.", field=("input", "teamId"))
    return team


def join(session: Session, team: Team, user: User, role: Role, project_ids: Sequence[str] | None) -> Membership:
    """Make a user a member of a team. Raises `Conflict` for one who is that already."""
    known = select(Membership.id).where(Membership.team_id == team.id, Membership.user_id == user.id)
    if session.exec(known).first():
        raise Conflict(f"{user.name} is in {team.name} already.")
    row = Membership(team_id=team.id, user_id=user.id, role=role, project_ids=_listed(project_ids))
    session.add(row)
    _tell_member(session, EventKind.CREATED, row, user)
    return row


def check_grantable(
    session: Session,
    team_id: str,
    role: Role,
    project_ids: Iterable[str] | None,
    authority: Authority | None = None,
) -> None:
    """Raises `NotNow` where whoever asks would give more than they have, `InvalidInput` for a project of others.

    `authority` is that of somebody else in whose name it is given.
    """
    authority = authority or authority_of(session)
    mine = all(authority.allows(*permission, Place(team_id)) for permission in ROLES[role])
    if not mine and not authority.allows(Action.CREATE, Noun.USER, INSTALLATION):
        raise NotNow("That role may do more than you may.", field=_ROLE)
    for project_id in project_ids or ():
        project = session.get(Project, project_id)
        if project is None or project.team_id != team_id:
            raise InvalidInput("One of these projects is not the team's.", field=("input", "projectIds"))


def _create(session: Session, name: str, owner_id: str | None) -> Team:
    _name_free(session, name)
    team = Team(name=name)
    session.add(team)
    _tell(session, EventKind.CREATED, team)
    if owner_id:
        join(session, team, session.get_one(User, owner_id), Role.OWNER, None)
    return team


def _rename(session: Session, team_id: str, name: str) -> Team:
    team = team_of(session, team_id)
    if team.name != name:
        _name_free(session, name)
        team.name = name
        session.add(team)
        _tell(session, EventKind.UPDATED, team)
    return team


def _remove(session: Session, team_id: str) -> None:
    team = team_of(session, team_id)
    if session.exec(select(func.count()).select_from(Team)).one() == 1:
        raise Conflict("There must be a team: this is the last one.", field=("input", "teamId"))
    for table, noun in ((Project, "project"), (Certificate, "certificate")):
        count = session.exec(select(func.count()).where(table.team_id == team_id)).one()
        if count:
            raise Conflict(f"{team.name} still has {count} {noun}(s); remove them first.", field=("input", "teamId"))
    tokens = session.exec(select(ApiToken).where(ApiToken.team_id == team_id)).all()
    end_tokens(session, tokens)
    for token in tokens:
        token.team_id = None
    for membership in session.exec(select(Membership).where(Membership.team_id == team_id)):
        end_membership(session, membership)
    session.exec(delete(Invitation).where(col(Invitation.team_id) == team_id))
    session.flush()
    session.delete(team)
    _tell(session, EventKind.REMOVED, team)


def _name_free(session: Session, name: str) -> None:
    if session.exec(select(Team.id).where(Team.name == name)).first():
        raise NameTaken(f"There is a team named {name} already.", field=_NAME)


def _add_member(
    session: Session, team_id: str, user_id: str, role: Role, project_ids: Sequence[str] | None
) -> Membership:
    team, user = team_of(session, team_id), session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.", field=("input", "userId"))
    check_grantable(session, team_id, role, project_ids)
    return join(session, team, user, role, project_ids)


def _update_membership(session: Session, membership_id: str, changes: dict[str, object]) -> Membership:
    row = _membership(session, membership_id)
    check_grantable(session, row.team_id, row.role, ())
    role: Role = changes.get("role", row.role)  # type: ignore[assignment]
    project_ids: Sequence[str] | None = changes.get("project_ids", row.project_ids)  # type: ignore[assignment]
    check_grantable(session, row.team_id, role, project_ids)
    if row.role is Role.OWNER and (role is not Role.OWNER or project_ids is not None):
        _check_other_owner(session, row)
    row.role, row.project_ids = role, _listed(project_ids)
    session.add(row)
    _tell_member(session, EventKind.UPDATED, row, session.get_one(User, row.user_id), sorted(changes))
    return row


def _remove_membership(session: Session, membership_id: str) -> None:
    row = _membership(session, membership_id)
    check_grantable(session, row.team_id, row.role, ())
    if row.role is Role.OWNER:
        _check_other_owner(session, row)
    end_membership(session, row)


def end_membership(session: Session, row: Membership) -> None:
    """Somebody is in the team no more."""
    session.delete(row)
    _tell_member(session, EventKind.REMOVED, row, session.get_one(User, row.user_id))


def _membership(session: Session, membership_id: str) -> Membership:
    row = session.get(Membership, membership_id)
    if row is None:
        raise NotFound("There is no such membership.", field=("input", "membershipId"))
    return row


def _check_other_owner(session: Session, row: Membership) -> None:
    others = select(Membership).where(
        Membership.team_id == row.team_id, Membership.role == Role.OWNER, Membership.id != row.id
    )
    if all(other.project_ids is not None for other in session.exec(others)):
        raise Conflict("A team must have an owner: this is the last one.", field=("input", "membershipId"))


def _listed(project_ids: Sequence[str] | None) -> list[str] | None:
    return None if project_ids is None else sorted(set(project_ids))


def _tell(session: Session, kind: EventKind, team: Team) -> None:
    record(session, kind, "Team", team.id, team_id=team.id, data={"name": team.name})


def _tell_member(session: Session, kind: EventKind, row: Membership, user: User, changed: Sequence[str] = ()) -> None:
    data = {"name": user.name, "userId": user.id, "changed": list(changed)}
    record(session, kind, "Membership", row.id, team_id=row.team_id, data=data)
