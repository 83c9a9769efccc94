"""The second factor: codes of an app that shares a secret with us (TOTP, RFC 6238), and codes for its loss."""

import secrets
import time
from collections.abc import Callable, Sequence

import pyotp
from sqlmodel import Session, delete, select

from db.models import EventKind, RecoveryCode, User, now
from db.sessions import Sessions
from engine.accounts.tokens import hashed
from engine.accounts.user_sessions import check_recent, new_text, own, renew
from engine.accounts.viewer import Viewer
from engine.errors import Conflict, InvalidInput, NotFound, NotNow
from engine.events import record
from engine.secret_places import totp_place
from engine.secrets import Cipher, Secret

ISSUER = "Wharfinger"
CODES = 10
_STEP = 30  # seconds
_CODE = ("input", "code")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is taken for something else


class SecondFactor:
    """Whether somebody needs their app to sign in."""

    def __init__(self, sessions: Sessions, cipher: Cipher, clock: Callable[[], float] = time.time) -> None:
        self._sessions = sessions
        self._cipher = cipher
        self._clock = clock

    async def begin(self, viewer: Viewer, *, again: bool = True) -> tuple[str, str]:
        """A new secret, which cannot be shown again, and its otpauth URI. In force once a code has confirmed it.

        Raises `ConfirmationNeeded`, and `Conflict` where one is in force, or was begun and not `again`.
        """
        text = pyotp.random_base32()
        user = await self._sessions.write(self._begin, viewer, text, again)
        return text, pyotp.TOTP(text).provisioning_uri(name=user.email, issuer_name=ISSUER)

    async def confirm(self, viewer: Viewer, code: str) -> tuple[list[str], str]:
        """From now on codes are needed: recovery codes, which cannot be shown again, and the session's new text.

        Raises `ConfirmationNeeded`, `NotNow` where none was begun, `InvalidInput` for a wrong code.
        """
        codes, text = _new_codes(), new_text()
        await self._sessions.write(self._confirm, viewer, code, codes, text)
        return codes, text

    async def renew_codes(self, viewer: Viewer, code: str) -> list[str]:
        """Other recovery codes; those before are good for nothing.

        Raises `ConfirmationNeeded`, `NotNow` where there is no second factor, `InvalidInput` for a wrong code.
        """
        codes = _new_codes()
        await self._sessions.write(self._renew_codes, viewer, code, codes)
        return codes

    async def remove_of(self, user_id: str) -> User:
        """A user needs no code any more. Raises `NotFound`."""
        return await self._sessions.write(_remove_of, user_id)

    def accept(self, session: Session, user: User, code: str) -> bool:
        """Whether it is a code of the app, or a recovery code, that was not accepted before."""
        plain = "".join(code.split()).replace("-", "").lower()
        if plain.isascii() and plain.isdecimal() and len(plain) == 6:
            return self._accept_step(session, user, plain)
        unused = select(RecoveryCode).where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.hash == _hashed(plain),
            RecoveryCode.used_at == None,  # noqa: E711
        )
        row = session.exec(unused).first()
        if row is None:
            return False
        row.used_at = now()
        session.add(row)
        return True

    def _accept_step(self, session: Session, user: User, code: str) -> bool:
        if user.totp is None:
            return False
        totp = pyotp.TOTP(self._cipher.decrypt(user.totp, totp_place(user.id)).reveal())
        step = int(self._clock()) // _STEP
        for each in (step, step - 1, step + 1):
            if each > user.totp_used and secrets.compare_digest(totp.generate_otp(each), code):
                user.totp_used = each
                session.add(user)
                return True
        return False

    def _begin(self, session: Session, viewer: Viewer, text: str, again: bool) -> User:
        user = own(session, viewer)
        check_recent(session, viewer)
        if user.totp_confirmed_at is not None:
            raise Conflict("There is a second factor already: remove it first.", field=("input",))
        if user.totp is not None and not again:
            raise Conflict("One was begun already: confirm it.", field=("input", "again"))
        user.totp, user.totp_used = self._cipher.encrypt(Secret(text), totp_place(user.id)), 0
        session.add(user)
        return user

    def _confirm(self, session: Session, viewer: Viewer, code: str, codes: Sequence[str], text: str) -> None:
        user = own(session, viewer)
        check_recent(session, viewer)
        if user.totp is None or user.totp_confirmed_at is not None:
            raise NotNow("There is no second factor to confirm: begin with one.", field=("input",))
        if not self.accept(session, user, code):
            raise InvalidInput("That is not the code of this moment.", field=_CODE)
        user.totp_confirmed_at = now()
        session.add(user)
        _write_codes(session, user, codes)
        renew(session, viewer, text)
        _tell(session, user)

    def _renew_codes(self, session: Session, viewer: Viewer, code: str, codes: Sequence[str]) -> None:
        user = own(session, viewer)
        check_recent(session, viewer)
        if user.totp_confirmed_at is None:
            raise NotNow("There is no second factor that they could stand in for.", field=("input",))
        if not self.accept(session, user, code):
            raise InvalidInput("That is not the code of this moment.", field=_CODE)
        _write_codes(session, user, codes)


def remove(session: Session, user: User) -> None:
    """No code is needed any more."""
    user.totp, user.totp_confirmed_at, user.totp_used = None, None, 0
    session.add(user)
    session.exec(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))  # type: ignore[arg-type]
    _tell(session, user)


def _remove_of(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.", field=("input", "userId"))
    remove(session, user)
    return user


def _write_codes(session: Session, user: User, codes: Sequence[str]) -> None:
    session.exec(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))  # type: ignore[arg-type]
    session.add_all(RecoveryCode(user_id=user.id, hash=_hashed(code.replace("-", ""))) for code in codes)


def _new_codes() -> list[str]:
    """Of 49 random bits each: what can be tried is limited, and a stolen database holds no passwords in clear."""
    return ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]


def _hashed(code: str) -> str:
    return hashed("recovery:" + code)


def _tell(session: Session, user: User) -> None:
    record(session, EventKind.UPDATED, "User", user.id, data={"name": user.name, "changed": ["second_factor"]})
