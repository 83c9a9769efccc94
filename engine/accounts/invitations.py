"""Invitations into a team: bound to an address, good once, for a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, select

from db.models import ApiToken, EventKind, Invitation, Membership, Project, Role, Team, User, now
from db.sessions import Sessions
from engine.accounts.acting import actor_of, identified
from engine.accounts.authorities import of_token, of_user
from engine.accounts.authority import EVERYTHING, NOTHING, Authority
from engine.accounts.mail import Letter, Mailer
from engine.accounts.passwords import Passwords, check_password
from engine.accounts.resets import new_secret
from engine.accounts.teams import check_grantable, join, team_of
from engine.accounts.tokens import hashed, usable
from engine.accounts.users import add_user, user_with
from engine.accounts.viewer import Viewer
from engine.errors import Conflict, InvalidInput, NotFound, NotNow, Refused
from engine.events import record

LASTS = timedelta(days=7)
_SECRET = ("input", "secret")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody says of themselves who has no account yet."""

    name: str | None = None
    password: str | None = None


class Invitations:
    """Who may come into a team."""

    def __init__(self, sessions: Sessions, passwords: Passwords, mailer: Mailer | None) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._mailer = mailer

    async def create(
        self, team_id: str, email: str, role: Role, project_ids: Sequence[str] | None
    ) -> tuple[Invitation, str]:
        """The invitation, and its link's secret, which cannot be shown again; mailed too, where mail can be sent.

        An earlier one of the same address into the same team ends. Raises `NotFound`, `Conflict` for a member,
        `InvalidInput` for projects of others, `NotNow` for a role beyond what whoever asks may do.
        """
        text = new_secret()
        row, team = await self._sessions.write(_create, team_id, email, role, project_ids, text)
        if self._mailer:
            self._mailer.send(_letter(email, team, self._mailer.link("accept-invitation", text)))
        return row, text

    async def revoke(self, invitation_id: str) -> None:
        """Raises `NotFound`."""
        await self._sessions.write(_revoke, invitation_id)

    async def accept(self, secret: str, newcomer: Newcomer, viewer: Viewer) -> tuple[User, Membership]:
        """Who came, and what they may do. They have an account with exactly the address, or get one.

        It must still be in the power of whoever invited them. Raises `InvalidInput` for a link that is used, revoked,
        expired or none, `NotNow` for who must sign in first, `Conflict` for a member.
        """
        email = await self._sessions.read(_address_of, secret)
        hash = None
        if viewer.user_id is None:
            if not newcomer.name or newcomer.password is None:
                raise InvalidInput("Say your name, and choose a password.", field=("input", "name"))
            check_password(newcomer.password, email)
            hash = await self._passwords.hash(newcomer.password)
        return await self._sessions.write(_accept, secret, newcomer.name, hash, viewer.user_id)


def find(session: Session, secret: str) -> Invitation:
    """The invitation of this link, if it is still good. Raises `InvalidInput`."""
    row = session.exec(select(Invitation).where(Invitation.hash == hashed(secret))).first()
    if row is None or not open_now(row):
        raise InvalidInput(
            "This invitation was used or revoked, has expired, or never was one: ask for another.", field=_SECRET
        )
    return row


def open_now(row: Invitation) -> bool:
    """Whether it still waits."""
    return row.accepted_at is None and row.revoked_at is None and row.expires_at > now()


def take(session: Session, row: Invitation, user: User) -> Membership:
    """The invited user is in the team. Raises `Conflict`, and `NotNow` when whoever invited may not any more."""
    authority = _of_inviter(session, row.invited_by)
    kept = _still_there(session, row)
    try:
        check_grantable(session, row.team_id, row.role, kept, authority)
    except Refused:
        raise NotNow(
            "Whoever invited you may not give this any more: ask for another invitation.", field=_SECRET
        ) from None
    row.accepted_at = now()
    session.add(row)
    membership = join(session, session.get_one(Team, row.team_id), user, row.role, kept)
    _tell(session, EventKind.REMOVED, row)
    identified(session, user)
    return membership


def _letter(email: str, team: str, link: str) -> Letter:
    return Letter(
        email,
        f"You are invited into {team}",
        f"You are invited into the team {team} at Wharfinger.\n\nAccept here within a week:\n\n{link}\n\n"
        "If you know nothing of it, do nothing.\n",
    )


def _create(
    session: Session, team_id: str, email: str, role: Role, project_ids: Sequence[str] | None, text: str
) -> tuple[Invitation, str]:
    team = team_of(session, team_id)
    check_grantable(session, team_id, role, project_ids)
    user = user_with(session, email)
    if (
        user
        and session.exec(
            select(Membership.id).where(Membership.team_id == team_id, Membership.user_id == user.id)
        ).first()
    ):
        raise Conflict(f"{email} is in {team.name} already.", field=("input", "email"))
    for old in session.exec(select(Invitation).where(Invitation.team_id == team_id, Invitation.email == email)):
        if open_now(old):
            _end(session, old)
    actor = actor_of(session)
    row = Invitation(
        team_id=team_id,
        email=email,
        role=role,
        project_ids=None if project_ids is None else sorted(set(project_ids)),
        hash=hashed(text),
        invited_by=actor.viewer.key if actor else "",
        expires_at=now() + LASTS,
    )
    session.add(row)
    _tell(session, EventKind.CREATED, row)
    return row, team.name


def _revoke(session: Session, invitation_id: str) -> None:
    row = session.get(Invitation, invitation_id)
    if row is None or not open_now(row):
        raise NotFound("There is no such invitation.", field=("input", "invitationId"))
    _end(session, row)


def _end(session: Session, row: Invitation) -> None:
    row.revoked_at = now()
    session.add(row)
    _tell(session, EventKind.REMOVED, row)


def _address_of(session: Session, secret: str) -> str:
    return find(session, secret).email


def _accept(
    session: Session, secret: str, name: str | None, hash: str | None, user_id: str | None
) -> tuple[User, Membership]:
    row = find(session, secret)
    user = session.get(User, user_id) if user_id else None
    if user is None:
        if user_with(session, row.email):
            raise NotNow("You have an account: sign in first, then accept.", field=_SECRET)
        user = add_user(session, row.email, name or "", password=hash)
    elif user.email != row.email:
        raise NotNow("This invitation is for another address than yours.", field=_SECRET)
    return user, take(session, row, user)


def _of_inviter(session: Session, invited_by: str) -> Authority:
    """What they may do now."""
    kind, _, key = invited_by.partition(":")
    if not key:
        return EVERYTHING  # whoever had the machine
    if kind == "User":
        user = session.get(User, key)
        return of_user(session, user) if user and user.disabled_at is None else NOTHING
    token = session.get(ApiToken, key)
    return (of_token(session, token) if token and usable(token) else None) or NOTHING


def _still_there(session: Session, row: Invitation) -> list[str] | None:
    if row.project_ids is None:
        return None
    there = select(Project.id).where(col(Project.id).in_(row.project_ids), Project.team_id == row.team_id)
    return sorted(session.exec(there))


def _tell(session: Session, kind: EventKind, row: Invitation) -> None:
    record(session, kind, "Invitation", row.id, team_id=row.team_id, data={"name": row.email})
