"""Links with which somebody chooses a new password, once."""

import asyncio
import secrets
from contextlib import suppress
from datetime import timedelta

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from db.errors import DatabaseUnusable
from db.models import PasswordReset, User, now
from db.sessions import Sessions
from engine.accounts.acting import identified
from engine.accounts.mail import Letter, Mailer
from engine.accounts.passwords import Passwords, check_password
from engine.accounts.tokens import hashed
from engine.accounts.users import set_password, user_of, user_with
from engine.errors import InvalidInput, NotNow

LASTS = timedelta(hours=1)
_PAUSE = timedelta(minutes=1)  # between two letters to one address
_SECRET = ("input", "secret")


class Resets:
    """Who forgot a password, or has none yet."""

    def __init__(self, sessions: Sessions, passwords: Passwords, mailer: Mailer | None) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._mailer = mailer
        self._writing: set[asyncio.Task[None]] = set()

    async def create(self, user_id: str) -> tuple[PasswordReset, str]:
        """A link's secret, which cannot be shown again. Those before it are good for nothing. Raises `NotFound`."""
        text = new_secret()
        return await self._sessions.write(_create, user_id, text), text

    async def request(self, email: str) -> None:
        """Mail a link to this address, if it is somebody's; nobody is told whether.

        Raises `NotNow` where no mail can be sent.
        """
        if self._mailer is None:
            raise NotNow("No mail can be sent from here: ask an administrator for a link.", field=("input",))
        task = asyncio.create_task(self._send(self._mailer, email))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def use(self, secret: str, password: str) -> User:
        """Whoever has the link has this password now, and is signed out everywhere.

        Raises `InvalidInput` for a link that is used, expired or none, and for a password that is none.
        """
        user = await self._sessions.read(_user_with_link, secret)
        if user is None:
            raise _no_link()
        check_password(password, user.email)
        return await self._sessions.write(_use, secret, await self._passwords.hash(password))

    async def close(self) -> None:
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _send(self, mailer: Mailer, email: str) -> None:
        text = new_secret()
        with suppress(DatabaseUnusable):
            if await self._sessions.write(_request, email, text):
                mailer.send(_letter(email, mailer.link("reset-password", text)))


def new_secret() -> str:
    """What a link holds: 256 random bits."""
    return secrets.token_urlsafe(32)


def _letter(email: str, link: str) -> Letter:
    return Letter(
        email,
        "Choose a new password",
        "Somebody, probably you, asked for a new password at Wharfinger.\n\n"
        f"Choose it here within an hour:\n\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is.\n",
    )


def _create(session: Session, user_id: str, text: str) -> PasswordReset:
    user = user_of(session, user_id)
    for row in session.exec(_unused(user)):
        session.delete(row)
    row = PasswordReset(user_id=user.id, hash=hashed(text), expires_at=now() + LASTS)
    session.add(row)
    return row


def _request(session: Session, email: str, text: str) -> bool:
    user = user_with(session, email)
    if user is None or user.disabled_at is not None:
        return False
    if any(now() - row.created_at < _PAUSE for row in session.exec(_unused(user))):
        return False
    session.add(PasswordReset(user_id=user.id, hash=hashed(text), expires_at=now() + LASTS))
    return True


def _unused(user: User) -> SelectOfScalar[PasswordReset]:
    return select(PasswordReset).where(PasswordReset.user_id == user.id, col(PasswordReset.used_at).is_(None))


def _row(session: Session, secret: str) -> PasswordReset | None:
    row = session.exec(select(PasswordReset).where(PasswordReset.hash == hashed(secret))).first()
    return row if row and row.used_at is None and row.expires_at > now() else None


def _user_with_link(session: Session, secret: str) -> User | None:
    row = _row(session, secret)
    user = session.get_one(User, row.user_id) if row else None
    return user if user and user.disabled_at is None else None


def _use(session: Session, secret: str, password: str) -> User:
    row, user = _row(session, secret), _user_with_link(session, secret)
    if row is None or user is None:
        raise _no_link()
    row.used_at = now()
    session.add(row)
    session.flush()
    identified(session, user)
    set_password(session, user, password)
    return user


def _no_link() -> InvalidInput:
    return InvalidInput("This link was used, has expired, or never was one: ask for another.", field=_SECRET)
