"""Tokens: made once, shown once, kept as a hash."""

import asyncio
import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from db.errors import DatabaseUnusable
from db.models import ApiToken, EventKind, Grant, now
from db.sessions import Sessions
from engine.errors import InvalidInput, NotFound, NotNow
from engine.events import record

_PREFIX = "wharf_"
_LAST_USE_PRECISION = timedelta(minutes=1)


class Access:
    """Who may come in."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._noting: dict[str, asyncio.Task[None]] = {}

    async def create_token(
        self, name: str, expires_at: datetime | None = None, *, by: str | None = None
    ) -> tuple[ApiToken, str]:
        """A new token of the owner, and its text, which cannot be read again. The setup token ends here.

        `by` is the id of the token that asks. Raises `NotNow` if that was revoked meanwhile, as the setup token
        is by its first use, and `InvalidInput` for an end in the past.
        """
        text = _PREFIX + secrets.token_urlsafe(32)
        row = await self._sessions.write(_create, name, text, expires_at, by)
        return row, text

    async def create_setup_token(self) -> str | None:
        """The text of a token for making the first real one; None once there is any token."""
        text = _PREFIX + "setup_" + secrets.token_urlsafe(32)
        return text if await self._sessions.write(_add_setup_token, text) else None

    async def authenticate(self, text: str) -> ApiToken | None:
        """The token with this text, if it may still be used."""
        row = await self._sessions.read(_valid, _hash(text))
        if row and row.id not in self._noting and _use_is_news(row):
            # Who only reads does not wait for the database to be written.
            self._noting[row.id] = asyncio.create_task(self._note_use(row.id))
        return row

    async def _note_use(self, token_id: str) -> None:
        try:
            with suppress(DatabaseUnusable):
                await self._sessions.write(_note_use, token_id)
        finally:
            del self._noting[token_id]

    async def usable_tokens(self) -> list[ApiToken]:
        """Every token that is neither revoked nor expired, oldest first."""
        return await self._sessions.read(_usable)

    async def revoke_token(self, token_id: str) -> ApiToken:
        """The token is refused from now on. Raises `NotFound`."""
        return await self._sessions.write(_revoke, token_id)


def _use_is_news(row: ApiToken) -> bool:
    return row.last_used_at is None or abs(now() - row.last_used_at) > _LAST_USE_PRECISION


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _create(session: Session, name: str, text: str, expires_at: datetime | None, by: str | None) -> ApiToken:
    if expires_at is not None and expires_at <= now():
        raise InvalidInput("expiresAt must lie in the future.", field=("input", "expiresAt"))
    maker = session.get(ApiToken, by) if by else None
    if maker is not None and maker.revoked_at is not None:
        raise NotNow("The token that asks was used up or revoked.")
    return _add(session, name, text, Grant.OWNER, expires_at)


def _add(session: Session, name: str, text: str, grant: Grant, expires_at: datetime | None) -> ApiToken:
    for setup in session.exec(
        select(ApiToken).where(ApiToken.grant == Grant.SETUP, col(ApiToken.revoked_at).is_(None))
    ):
        setup.revoked_at = now()
        session.add(setup)
        record(session, EventKind.REMOVED, "ApiToken", setup.id, data={"name": setup.name})
    row = ApiToken(name=name, hash=_hash(text), grant=grant, expires_at=expires_at)
    session.add(row)
    record(session, EventKind.CREATED, "ApiToken", row.id, data={"name": name})
    return row


def _add_setup_token(session: Session, text: str) -> bool:
    if session.exec(select(ApiToken.id).limit(1)).first() is not None:
        return False
    _add(session, "setup", text, Grant.SETUP, None)
    return True


def _valid(session: Session, hashed: str) -> ApiToken | None:
    row = session.exec(select(ApiToken).where(ApiToken.hash == hashed)).first()
    if row is None or row.revoked_at is not None:
        return None
    return row if row.expires_at is None or row.expires_at > now() else None


def _usable(session: Session) -> list[ApiToken]:
    rows = session.exec(select(ApiToken).where(col(ApiToken.revoked_at).is_(None)).order_by(col(ApiToken.id)))
    return [row for row in rows if row.expires_at is None or row.expires_at > now()]


def _note_use(session: Session, token_id: str) -> None:
    row = session.get_one(ApiToken, token_id)
    row.last_used_at = now()
    session.add(row)


def _revoke(session: Session, token_id: str) -> ApiToken:
    row = session.get(ApiToken, token_id)
    if row is None:
        raise NotFound("There is no such token.", field=("input", "tokenId"))
    if row.revoked_at is None:
        row.revoked_at = now()
        session.add(row)
        record(session, EventKind.REMOVED, "ApiToken", row.id, data={"name": row.name})
    return row
