"""People who can sign in, and who looks after them."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, SQLModel, col, delete, select

from db.models import (
    ApiToken,
    EventKind,
    Identity,
    Membership,
    Passkey,
    PasswordReset,
    RecoveryCode,
    Role,
    Team,
    User,
    UserSession,
    now,
)
from db.sessions import Sessions
from engine.accounts import user_sessions
from engine.accounts.acting import actor_of
from engine.accounts.passwords import Passwords, check_password
from engine.accounts.teams import end_membership, join
from engine.accounts.tokens import end_setup, end_tokens, usable
from engine.accounts.user_sessions import new_text
from engine.accounts.viewer import Viewer
from engine.errors import Conflict, InvalidInput, NameTaken, NotFound, NotNow
from engine.events import record

LONGEST_NAME = 100
_USER = ("input", "userId")


class Users:
    """What the API may do to people."""

    def __init__(self, sessions: Sessions, passwords: Passwords) -> None:
        self._sessions = sessions
        self._passwords = passwords

    async def owner_needed(self) -> bool:
        """Whether there is no user yet."""
        return not await self._sessions.read(_any_user)

    async def create_owner(self, email: str, name: str, password: str) -> User:
        """The first user: an administrator who owns the first team. The setup token ends here.

        Raises `Conflict` when there is a user, `InvalidInput` for a password that is none.
        """
        check_password(password, email)
        if await self._sessions.read(_any_user):  # before anything is computed
            raise _owned()
        return await self._sessions.write(_create_owner, email, name, await self._passwords.hash(password))

    async def create(self, email: str, name: str, *, administrator: bool = False) -> User:
        """Somebody without a password, who needs a link to choose one. Raises `NameTaken`."""
        return await self._sessions.write(_create, email, name, administrator)

    async def update(self, user_id: str, changes: dict[str, object]) -> User:
        """Another `name`, another `email`. Raises `NotFound`, `NameTaken`, `NotNow` for who may not change that."""
        return await self._sessions.write(_update, user_id, changes)

    async def change_password(self, viewer: Viewer, password: str) -> str:
        """What the cookie shall hold now; whoever else is signed in with the old one is signed out.

        Raises `ConfirmationNeeded`, `InvalidInput`.
        """
        user = await self._sessions.read(user_sessions.own, viewer)
        check_password(password, user.email)
        hash, text = await self._passwords.hash(password), new_text()
        await self._sessions.write(_change_password, viewer, hash, text)
        return text

    async def disable(self, user_id: str) -> User:
        """They cannot sign in any more, and what they had open is closed; their tokens are refused.

        Raises `NotFound`, and `Conflict` for the last administrator.
        """
        return await self._sessions.write(_disable, user_id)

    async def enable(self, user_id: str) -> User:
        """Raises `NotFound`."""
        return await self._sessions.write(_enable, user_id)

    async def set_administrator(self, user_id: str, administrator: bool) -> User:
        """Raises `NotFound`, and `Conflict` for the last one."""
        return await self._sessions.write(_set_administrator, user_id, administrator)

    async def remove(self, user_id: str) -> None:
        """With their memberships, sessions and tokens.

        Raises `NotFound`, and `Conflict` for the last administrator and for the last owner of a team.
        """
        await self._sessions.write(_remove, user_id)


def person_name(text: str, field: tuple[str, ...] = ("input", "name")) -> str:
    """What somebody is called, without blanks around it. Raises `InvalidInput`."""
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"A name has 1 to {LONGEST_NAME} characters that can be shown.", field=field)
    return name


def user_of(session: Session, user_id: str) -> User:
    """Raises `NotFound`."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.", field=_USER)
    return user


def user_with(session: Session, email: str) -> User | None:
    """Who has this normalised address."""
    return session.exec(select(User).where(User.email == email)).first()


def all_users(session: Session) -> list[User]:
    return list(session.exec(select(User).order_by(User.email)))


def add_user(
    session: Session, email: str, name: str, *, administrator: bool = False, password: str | None = None
) -> User:
    """Raises `NameTaken`."""
    if user_with(session, email):
        raise NameTaken(f"Somebody has the address {email} already.", field=("input", "email"))
    user = User(email=email, name=name, administrator=administrator, password=password)
    session.add(user)
    session.flush()
    record(session, EventKind.CREATED, "User", user.id, data={"name": name})
    return user


def tell_changed(session: Session, user: User, *changed: str) -> None:
    """What somebody has open is closed: they come again as what they are now."""
    session.add(user)
    record(session, EventKind.UPDATED, "User", user.id, data={"name": user.name, "changed": sorted(changed)})


def set_password(session: Session, user: User, hash: str, *, but: str | None = None) -> None:
    """Somebody has another password, and is signed out everywhere but for one session."""
    user.password = hash
    user_sessions.end_all(session, user.id, but)
    session.exec(
        delete(PasswordReset).where(col(PasswordReset.user_id) == user.id, col(PasswordReset.used_at).is_(None))
    )
    tell_changed(session, user, "password")


def _any_user(session: Session) -> bool:
    return session.exec(select(User.id).limit(1)).first() is not None


def _owned() -> Conflict:
    return Conflict("There are users already: an administrator invites further ones.", field=("input",))


def _create_owner(session: Session, email: str, name: str, password: str) -> User:
    actor = actor_of(session)
    token = session.get(ApiToken, actor.viewer.token_id) if actor and actor.viewer.token_id else None
    if token is not None and not usable(token):
        raise NotNow("The token that asks was used up or revoked.", field=("input",))
    if _any_user(session):
        raise _owned()
    user = add_user(session, email, name, administrator=True, password=password)
    team = session.exec(select(Team).order_by(Team.id)).first()
    if team is not None:
        join(session, team, user, Role.OWNER, None)
    end_setup(session)
    return user


def _create(session: Session, email: str, name: str, administrator: bool) -> User:
    return add_user(session, email, name, administrator=administrator)


def _update(session: Session, user_id: str, changes: dict[str, object]) -> User:
    user = user_of(session, user_id)
    given = {name: value for name, value in changes.items() if value != getattr(user, name)}
    email = given.get("email")
    if email is not None and user_with(session, str(email)):
        raise NameTaken(f"Somebody has the address {email} already.", field=("input", "email"))
    for name, value in given.items():
        setattr(user, name, value)
    if given:
        tell_changed(session, user, *given)
    return user


def _change_password(session: Session, viewer: Viewer, hash: str, text: str) -> None:
    user = user_sessions.own(session, viewer)
    user_sessions.check_recent(session, viewer)
    set_password(session, user, hash, but=viewer.session_id)
    user_sessions.renew(session, viewer, text)


def _disable(session: Session, user_id: str) -> User:
    user = user_of(session, user_id)
    if user.disabled_at is None:
        _check_other_administrator(session, user)
        _set_disabled(session, user, now())
        user_sessions.end_all(session, user.id)
    return user


def _enable(session: Session, user_id: str) -> User:
    user = user_of(session, user_id)
    if user.disabled_at is not None:
        _set_disabled(session, user, None)
    return user


def _set_disabled(session: Session, user: User, at: datetime | None) -> None:
    user.disabled_at = at
    tell_changed(session, user, "disabled_at")


def _set_administrator(session: Session, user_id: str, administrator: bool) -> User:
    user = user_of(session, user_id)
    if user.administrator != administrator:
        if not administrator:
            _check_other_administrator(session, user)
        user.administrator = administrator
        tell_changed(session, user, "administrator")
    return user


def _remove(session: Session, user_id: str) -> None:
    user = user_of(session, user_id)
    _check_other_administrator(session, user)
    if left := list(_left_without_owner(session, user)):
        raise Conflict(
            f"{user.name} is the last owner of {', '.join(left)}: make somebody else one first.", field=_USER
        )
    user_sessions.end_all(session, user.id)
    tokens = session.exec(select(ApiToken).where(ApiToken.user_id == user.id)).all()
    end_tokens(session, tokens)
    for token in tokens:
        token.user_id = None
    for membership in session.exec(select(Membership).where(Membership.user_id == user.id)):
        end_membership(session, membership)
    session.flush()
    for table in (UserSession, RecoveryCode, Passkey, Identity, PasswordReset):
        _clear(session, table, user.id)
    session.delete(user)
    record(session, EventKind.REMOVED, "User", user.id, data={"name": user.name})


def _clear(session: Session, table: type[SQLModel], user_id: str) -> None:
    session.exec(delete(table).where(table.user_id == user_id))  # type: ignore[attr-defined]


def _left_without_owner(session: Session, user: User) -> Iterable[str]:
    owned = select(Membership).where(Membership.user_id == user.id, Membership.role == Role.OWNER)
    for membership in session.exec(owned):
        others = select(Membership).where(
            Membership.team_id == membership.team_id, Membership.role == Role.OWNER, Membership.user_id != user.id
        )
        if all(other.project_ids is not None for other in session.exec(others)):
            yield session.get_one(Team, membership.team_id).name


def _check_other_administrator(session: Session, user: User) -> None:
    others = select(User.id).where(User.administrator, User.id != user.id, col(User.disabled_at).is_(None))
    if user.administrator and session.exec(others).first() is None:
        raise Conflict("There must be an administrator: this is the last one.", field=_USER)
