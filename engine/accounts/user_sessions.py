"""Browsers that are signed in. What their cookie holds is random, shown once, and kept as a hash."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, or_, select

from db.models import EventKind, User, UserSession, now
from db.sessions import Sessions
from engine.accounts.authorities import of_user
from engine.accounts.authority import Authority
from engine.accounts.last_use import LastUses
from engine.accounts.tokens import hashed
from engine.accounts.viewer import Viewer
from engine.errors import ConfirmationNeeded, NotFound
from engine.events import record

LONGEST = timedelta(days=14)
"""After which somebody has to sign in again, whatever they did."""
IDLE = timedelta(hours=24)
"""Without a request and without a new socket, after which they have to do so too. An open socket stays."""
RECENT = timedelta(minutes=10)
"""After signing in, or confirming a password, in which somebody may change what they sign in with."""

_LONGEST_AGENT = 300
_KEPT_ENDED = 20  # sessions of a user that are over


@dataclass(frozen=True, slots=True)
class Browser:
    """What is known of a browser that signs in. `cookie` is what it had before."""

    address: str = ""
    user_agent: str = ""
    cookie: str | None = None


class _Known(NamedTuple):
    """A session that there is, of whom, and what they may do."""

    row: UserSession
    user: User
    authority: Authority


class UserSessions:
    """Who is signed in where."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._uses = LastUses(sessions, _note_use)

    async def authenticate(self, text: str, address: str = "") -> Viewer | None:
        """Who has the cookie with this text, if they are still signed in."""
        found = self._sessions.read_kept(_known, hashed(text))
        if found is None or not live(found.row):
            return None
        row, user, authority = found
        self._uses.note(row.id, address, row.last_used_at, row.address)
        return Viewer(
            user.name, authority, user_id=user.id, session_id=row.id, expires_at=row.expires_at, address=address
        )

    async def revoke(self, session_id: str) -> None:
        """The browser is signed out. Raises `NotFound`."""
        await self._sessions.write(_revoke, session_id)

    async def check_recent(self, viewer: Viewer) -> None:
        """Raises `ConfirmationNeeded` for who is signed in with a browser, and has not shown lately that it is they.

        Tokens were made for what they may do.
        """
        if viewer.session_id is not None:
            await self._sessions.read(check_recent, viewer)


def new_text() -> str:
    """What a cookie holds: 256 random bits."""
    return secrets.token_urlsafe(32)


def begin(session: Session, user: User, text: str, browser: Browser) -> UserSession:
    """Somebody has signed in; what the browser was signed in with before ends."""
    before = select(UserSession).where(UserSession.hash == hashed(browser.cookie)) if browser.cookie else None
    if before is not None and (old := session.exec(before).first()):
        end(session, old)
    row = UserSession(
        user_id=user.id,
        hash=hashed(text),
        address=browser.address,
        user_agent=browser.user_agent[:_LONGEST_AGENT],
        expires_at=now() + LONGEST,
    )
    session.add(row)
    user.last_signed_in_at = now()
    session.add(user)
    record(session, EventKind.CREATED, "UserSession", row.id, data={"name": user.name, "userId": user.id})
    _forget_old(session, user)
    return row


def end(session: Session, row: UserSession) -> None:
    """What was signed in is so no more, and what it had open is closed."""
    if row.revoked_at is None:
        row.revoked_at = now()
        session.add(row)
        user = session.get_one(User, row.user_id)
        record(session, EventKind.REMOVED, "UserSession", row.id, data={"name": user.name, "userId": user.id})


def end_all(session: Session, user_id: str, but: str | None = None) -> None:
    """Sign somebody out everywhere, but for the session with this id."""
    for row in session.exec(select(UserSession).where(UserSession.user_id == user_id)):
        if row.id != but:
            end(session, row)


def renew(session: Session, viewer: Viewer, text: str) -> None:
    """The same session under another text, as recent as one that has just begun."""
    row = session.get_one(UserSession, viewer.session_id)
    row.hash, row.created_at = hashed(text), now()
    session.add(row)


def own(session: Session, viewer: Viewer) -> User:
    """Who asks, signed in with a browser. Raises `NotFound` once they are removed."""
    user = session.get(User, viewer.user_id) if viewer.user_id else None
    if user is None:
        raise NotFound("There is no such user.", field=("input",))
    return user


def check_recent(session: Session, viewer: Viewer) -> None:
    """Raises `ConfirmationNeeded` unless whoever asks has shown within the last minutes that it is they."""
    row = session.get(UserSession, viewer.session_id) if viewer.session_id else None
    if row is None or row.revoked_at is not None or now() - row.created_at > RECENT:
        minutes = int(RECENT.total_seconds() // 60)
        raise ConfirmationNeeded(
            f"That takes a sign-in, or a confirmed password, of the last {minutes} minutes.", field=("input",)
        )


def live(row: UserSession) -> bool:
    """Whether it is neither ended nor too old."""
    moment = now()
    return row.revoked_at is None and row.expires_at > moment and moment - row.last_used_at <= IDLE


def of_user_now(session: Session, user_id: str | None) -> list[UserSession]:
    """Where somebody is signed in, the last used first."""
    rows = session.exec(select(UserSession).where(UserSession.user_id == user_id))
    return sorted(filter(live, rows), key=lambda row: (row.last_used_at, row.id), reverse=True)


def _known(session: Session, key: str) -> _Known | None:
    row = session.exec(select(UserSession).where(UserSession.hash == key)).first()
    user = session.get(User, row.user_id) if row else None
    if row is None or user is None or user.disabled_at is not None:
        return None
    return _Known(row, user, of_user(session, user))


def _note_use(session: Session, session_id: str, address: str) -> None:
    row = session.get(UserSession, session_id)
    if row is not None:
        row.last_used_at, row.address = now(), address
        session.add(row)


def _revoke(session: Session, session_id: str) -> None:
    row = session.get(UserSession, session_id)
    if row is None:
        raise NotFound("There is no such session.", field=("input", "sessionId"))
    end(session, row)


def _forget_old(session: Session, user: User) -> None:
    over: datetime = now() - IDLE
    ended = or_(
        col(UserSession.revoked_at).is_not(None), UserSession.expires_at < now(), UserSession.last_used_at < over
    )
    query = select(UserSession).where(UserSession.user_id == user.id, ended).order_by(col(UserSession.id).desc())
    for row in session.exec(query.offset(_KEPT_ENDED)):
        session.delete(row)
