"""Passkeys (WebAuthn): keys in a device that has itself seen its owner, and so count as both factors.

https://www.w3.org/TR/webauthn-3/
"""

from typing import NamedTuple

import webauthn
from sqlmodel import Session, select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from db.models import EventKind, Passkey, User, now
from db.sessions import Sessions
from engine.accounts import user_sessions
from engine.accounts.acting import identified
from engine.accounts.user_sessions import Browser, check_recent, new_text, own
from engine.accounts.viewer import Viewer
from engine.errors import Conflict, InvalidInput, NotFound
from engine.events import record

_MOST = 20  # of one user
_LONGEST = 16 * 1024  # characters of what a device answers
_CREDENTIAL, _PASSKEY = ("input", "credential"), ("input", "passkeyId")


class Site(NamedTuple):
    """Where the browser is: the host that a passkey is bound to, and the origin of its pages."""

    host: str
    origin: str


class Passkeys:
    """Who signs in without a password."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def begin_to_add(self, viewer: Viewer, site: Site) -> tuple[str, bytes]:
        """What to ask the browser for, as JSON, and the challenge in it. Raises `ConfirmationNeeded`, `Conflict`."""
        user, known = await self._sessions.read(_to_add, viewer)
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="Wharfinger",
            user_id=user.id.encode(),
            user_name=user.email,
            user_display_name=user.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known],
        )
        return webauthn.options_to_json(options), options.challenge

    def begin_to_sign_in(self, site: Site) -> tuple[str, bytes]:
        """What to ask the browser for, as JSON, and the challenge in it."""
        options = webauthn.generate_authentication_options(
            rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED
        )
        return webauthn.options_to_json(options), options.challenge

    async def add(self, viewer: Viewer, name: str, credential: str, challenge: bytes, site: Site) -> Passkey:
        """Raises `InvalidInput` for what does not answer the challenge, `ConfirmationNeeded`, `Conflict`."""
        _check_length(credential)
        try:
            found = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except Exception as error:  # whatever the library trips over, an answer from outside is only ever wrong
            raise _wrong() from error
        row = Passkey(
            user_id=viewer.user_id or "",
            name=name,
            credential_id=bytes_to_base64url(found.credential_id),
            public_key=bytes_to_base64url(found.credential_public_key),
            sign_count=found.sign_count,
        )
        return await self._sessions.write(_add, viewer, row)

    async def sign_in(self, credential: str, challenge: bytes, site: Site, browser: Browser) -> tuple[User, str]:
        """Who it is, and what their cookie shall hold. Raises `InvalidInput`."""
        _check_length(credential)
        try:
            key = webauthn.helpers.parse_authentication_credential_json(credential).raw_id
        except Exception as error:  # whatever the library trips over, an answer from outside is only ever wrong
            raise _wrong() from error
        row = await self._sessions.read(_with_credential, bytes_to_base64url(key))
        if row is None:
            raise _wrong()
        try:
            found = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=base64url_to_bytes(row.public_key),
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except Exception as error:  # whatever the library trips over, an answer from outside is only ever wrong
            raise _wrong() from error
        text = new_text()
        return await self._sessions.write(_sign_in, row.id, row.sign_count, found.new_sign_count, browser, text), text

    async def rename(self, passkey_id: str, name: str) -> Passkey:
        """Raises `NotFound`."""
        return await self._sessions.write(_rename, passkey_id, name)

    async def remove(self, passkey_id: str) -> None:
        """Raises `NotFound`."""
        await self._sessions.write(_remove, passkey_id)


def passkeys_of(session: Session, user_id: str | None) -> list[Passkey]:
    return list(session.exec(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def _wrong() -> InvalidInput:
    return InvalidInput("This passkey is not known here, or did not answer what was asked.", field=_CREDENTIAL)


def _check_length(credential: str) -> None:
    if len(credential) > _LONGEST:
        raise _wrong()


def _to_add(session: Session, viewer: Viewer) -> tuple[User, list[str]]:
    user = own(session, viewer)
    check_recent(session, viewer)
    known = [row.credential_id for row in passkeys_of(session, user.id)]
    if len(known) >= _MOST:
        raise Conflict(f"An account has at most {_MOST} passkeys: remove one first.", field=("input",))
    return user, known


def _add(session: Session, viewer: Viewer, row: Passkey) -> Passkey:
    user, _ = _to_add(session, viewer)
    if _with_credential(session, row.credential_id):
        raise Conflict("This passkey is known already.", field=_CREDENTIAL)
    session.add(row)
    _tell(session, user)
    return row


def _with_credential(session: Session, credential_id: str) -> Passkey | None:
    return session.exec(select(Passkey).where(Passkey.credential_id == credential_id)).first()


def _sign_in(session: Session, passkey_id: str, before: int, after: int, browser: Browser, text: str) -> User:
    row = session.get(Passkey, passkey_id)
    user = session.get_one(User, row.user_id) if row else None
    if row is None or user is None or user.disabled_at is not None or row.sign_count != before:
        raise _wrong()
    row.sign_count, row.last_used_at = after, now()
    session.add(row)
    identified(session, user)
    user_sessions.begin(session, user, text, browser)
    return user


def _passkey(session: Session, passkey_id: str) -> Passkey:
    row = session.get(Passkey, passkey_id)
    if row is None:
        raise NotFound("There is no such passkey.", field=_PASSKEY)
    return row


def _rename(session: Session, passkey_id: str, name: str) -> Passkey:
    row = _passkey(session, passkey_id)
    row.name = name
    session.add(row)
    return row


def _remove(session: Session, passkey_id: str) -> None:
    row = _passkey(session, passkey_id)
    session.delete(row)
    _tell(session, session.get_one(User, row.user_id))


def _tell(session: Session, user: User) -> None:
    record(session, EventKind.UPDATED, "User", user.id, data={"name": user.name, "changed": ["passkeys"]})
