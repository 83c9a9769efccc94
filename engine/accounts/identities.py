"""Who people are to the provider of single sign-on: a subject of an issuer, never an address."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import Identity, Passkey, User, UserSession, now
from db.sessions import Sessions
from engine.accounts import invitations, user_sessions
from engine.accounts.acting import identified
from engine.accounts.addresses import email_address
from engine.accounts.single_sign_on import Claims, SignOnFailed
from engine.accounts.user_sessions import Browser, new_text
from engine.accounts.users import LONGEST_NAME, add_user, user_with
from engine.errors import Conflict, InvalidInput, NotFound

_MOST = 10  # of one user


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody wants at the provider, beside signing in.

    `invitation`: to come into a team, with its secret. `session_id`: to be known as who is signed in there.
    """

    invitation: str | None = None
    session_id: str | None = None


class Identities:
    """Lets in who the provider has let in, as far as we know them."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def sign_in(self, claims: Claims, purpose: Purpose, browser: Browser) -> str:
        """What the cookie of whoever this is shall hold.

        An unknown subject needs an invitation of exactly the address that the provider has verified, or to be linked
        by who is signed in. Raises `SignOnFailed`, and what `invitations.take` raises.
        """
        text = new_text()
        await self._sessions.write(_sign_in, claims, purpose, browser, text)
        return text

    async def remove(self, identity_id: str) -> None:
        """Raises `NotFound`, and `Conflict` for somebody's only way to sign in."""
        await self._sessions.write(_remove, identity_id)


def _sign_in(session: Session, claims: Claims, purpose: Purpose, browser: Browser, text: str) -> None:
    row = session.exec(
        select(Identity).where(Identity.issuer == claims.issuer, Identity.subject == claims.subject)
    ).first()
    user = session.get_one(User, row.user_id) if row else None
    if purpose.session_id is not None:
        user = _linked(session, claims, purpose.session_id, user)
    elif user is None and purpose.invitation is not None:
        user = _invited(session, claims, purpose.invitation)
    elif user is not None and purpose.invitation is not None:
        _take(session, purpose.invitation, user)
    if user is None:
        raise SignOnFailed("Nobody is known here by this sign-in: ask for an invitation, or sign in and link it.")
    if user.disabled_at is not None:
        raise SignOnFailed("This account is disabled.")
    identity = row or Identity(user_id=user.id, issuer=claims.issuer, subject=claims.subject)
    identity.email, identity.last_used_at = claims.email[:254], now()
    session.add(identity)
    user_sessions.begin(session, user, text, browser)
    identified(session, user)


def _linked(session: Session, claims: Claims, session_id: str, known: User | None) -> User:
    row = session.get(UserSession, session_id)
    if row is None or not user_sessions.live(row) or now() - row.created_at > 2 * user_sessions.RECENT:
        raise SignOnFailed("You are no longer signed in: sign in and begin again.")
    if known is not None and known.id != row.user_id:
        raise SignOnFailed("This sign-in is somebody else's already.")
    count = len(session.exec(select(Identity.id).where(Identity.user_id == row.user_id)).all())
    if known is None and count >= _MOST:
        raise SignOnFailed(f"An account has at most {_MOST} of them: remove one first.")
    return session.get_one(User, row.user_id)


def _invited(session: Session, claims: Claims, secret: str) -> User:
    invitation = invitations.find(session, secret)
    if _address(claims) != invitation.email:
        raise SignOnFailed("The invitation is for another address than the one that the provider has verified.")
    if user_with(session, invitation.email):
        raise SignOnFailed("You have an account: sign in first, then link this sign-in.")
    name = "".join(filter(str.isprintable, claims.name)).strip()[:LONGEST_NAME] or invitation.email.partition("@")[0]
    user = add_user(session, invitation.email, name)
    invitations.take(session, invitation, user)
    return user


def _take(session: Session, secret: str, user: User) -> None:
    invitation = invitations.find(session, secret)
    if user.email != invitation.email:
        raise SignOnFailed("This invitation is for another address than yours.")
    invitations.take(session, invitation, user)


def _address(claims: Claims) -> str | None:
    try:
        return email_address(claims.email)
    except InvalidInput:
        return None


def _remove(session: Session, identity_id: str) -> None:
    row = session.get(Identity, identity_id)
    if row is None:
        raise NotFound("There is no such identity.", field=("input", "identityId"))
    user = session.get_one(User, row.user_id)
    if user.password is None and not _other_ways(session, row):
        raise Conflict("Choose a password first: there is no other way to sign in.", field=("input", "identityId"))
    session.delete(row)


def _other_ways(session: Session, row: Identity) -> bool:
    others = select(Identity.id).where(Identity.user_id == row.user_id, col(Identity.id) != row.id)
    passkeys = select(Passkey.id).where(Passkey.user_id == row.user_id)
    return bool(session.exec(others).first() or session.exec(passkeys).first())
