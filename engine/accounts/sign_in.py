"""Signing in with a password, and showing again that it is still you."""

from contextlib import suppress

from sqlmodel import Session, select

from db.errors import DatabaseUnusable
from db.models import User, UserSession
from db.sessions import Sessions
from engine.accounts import second_factor, user_sessions
from engine.accounts.acting import identified
from engine.accounts.notes import note_failure
from engine.accounts.passwords import Passwords
from engine.accounts.second_factor import SecondFactor
from engine.accounts.user_sessions import Browser, new_text
from engine.accounts.viewer import Viewer
from engine.attempts import Attempts
from engine.errors import CodeNeeded, InvalidInput, NotNow

_WRONG = "The address, the password or the code is wrong."
_PASSWORD, _CODE = ("input", "password"), ("input", "code")


class SignIn:
    """Passwords and codes, checked: a wrong one costs who tries it time, and who has no account learns nothing."""

    def __init__(self, sessions: Sessions, passwords: Passwords, factor: SecondFactor, attempts: Attempts) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._factor = factor
        self._attempts = attempts

    async def sign_in(self, email: str, password: str, code: str | None, browser: Browser) -> tuple[User, str]:
        """Who it is, and what their cookie shall hold.

        Raises `InvalidInput` when anything is wrong, without saying what, `CodeNeeded` when only the code is missing,
        and `NotNow` when it was tried too often.
        """
        self.begin(browser.address, email)
        user = await self._sessions.read(_user_with, email)
        kept = user.password if user and user.disabled_at is None else None
        if not await self._passwords.fits(password, kept) or user is None:
            await self._failed(user, email)
            raise InvalidInput(_WRONG, field=_PASSWORD)
        if user.totp_confirmed_at is not None and not code:
            raise CodeNeeded("Type the code that your app shows.", field=_CODE)
        better = await self._passwords.hash(password) if self._passwords.outdated(user.password or "") else None
        text = new_text()
        found = await self._sessions.write(self._begin, user.id, kept, better, code, browser, text)
        if found is None:
            await self._failed(user, email)
            raise InvalidInput(_WRONG, field=_CODE)
        self._attempts.right(browser.address, email)
        return found, text

    async def confirm(self, viewer: Viewer, password: str, code: str | None) -> str:
        """It is still they: what their cookie shall hold now. Raises as `sign_in`."""
        user = await self.check(viewer, password, code)
        text = new_text()
        await self._sessions.write(_confirm, viewer, user.id, text)
        return text

    async def remove_second_factor(self, viewer: Viewer, password: str, code: str) -> None:
        """No code is needed any more. Raises as `sign_in`."""
        user = await self.check(viewer, password, code)
        await self._sessions.write(_remove_second_factor, user.id)

    async def check(self, viewer: Viewer, password: str, code: str | None) -> User:
        """Who asks, who knows their password and has their second factor. Raises as `sign_in`."""
        user = await self._sessions.read(user_sessions.own, viewer)
        self.begin(viewer.address, user.email)
        if not await self._passwords.fits(password, user.password):
            await self._failed(user, user.email)
            raise InvalidInput("The password is wrong.", field=_PASSWORD)
        if user.totp_confirmed_at is not None:
            if not code:
                raise CodeNeeded("Type the code that your app shows.", field=_CODE)
            if not await self._sessions.write(self._accept, user.id, code):
                await self._failed(user, user.email)
                raise InvalidInput("The code is wrong, or was used before.", field=_CODE)
        self._attempts.right(viewer.address, user.email)
        return user

    async def sign_out(self, viewer: Viewer, *, everywhere: bool = False) -> None:
        """This browser is signed out, or all of them. Raises `NotFound`."""
        await self._sessions.write(_sign_out, viewer, everywhere)

    def begin(self, address: str, email: str | None = None) -> None:
        """Count a try, before anything is checked. Raises `NotNow` when there were too many."""
        try:
            self._attempts.begin(address, email)
        except NotNow as too_many:
            raise NotNow(too_many.sentence, field=("input",)) from None

    def right(self, address: str, email: str | None = None) -> None:
        """What was tried is right."""
        self._attempts.right(address, email)

    def _begin(
        self,
        session: Session,
        user_id: str,
        kept: str | None,
        better: str | None,
        code: str | None,
        browser: Browser,
        text: str,
    ) -> User | None:
        user = session.get(User, user_id)
        if user is None or user.disabled_at is not None or user.password != kept:
            return None
        if user.totp_confirmed_at is not None and not self._factor.accept(session, user, code or ""):
            return None
        user.password = better or kept
        user_sessions.begin(session, user, text, browser)
        identified(session, user)
        return user

    def _accept(self, session: Session, user_id: str, code: str) -> bool:
        return self._factor.accept(session, session.get_one(User, user_id), code)

    async def _failed(self, user: User | None, email: str) -> None:
        with suppress(DatabaseUnusable):
            await self._sessions.write(_note_failure, user.id if user else None, email)


def _user_with(session: Session, email: str) -> User | None:
    return session.exec(select(User).where(User.email == email)).first()


def _note_failure(session: Session, user_id: str | None, email: str) -> None:
    note_failure(session, "signInFailed", session.get(User, user_id) if user_id else None, email)


def _confirm(session: Session, viewer: Viewer, user_id: str, text: str) -> None:
    user_sessions.renew(session, viewer, text)


def _remove_second_factor(session: Session, user_id: str) -> None:
    second_factor.remove(session, session.get_one(User, user_id))


def _sign_out(session: Session, viewer: Viewer, everywhere: bool) -> None:
    user = user_sessions.own(session, viewer)
    if everywhere:
        user_sessions.end_all(session, user.id)
    elif row := session.get(UserSession, viewer.session_id):
        user_sessions.end(session, row)
