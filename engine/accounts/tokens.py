"""Tokens: made once, shown once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from sqlmodel import Session, col, select

from db.models import ApiToken, EventKind, Grant, now
from db.sessions import Sessions
from engine.accounts.authorities import of_token
from engine.accounts.authority import INSTALLATION, Authority, Place
from engine.accounts.last_use import LastUses
from engine.accounts.viewer import Viewer
from engine.errors import InvalidInput, NotFound, NotNow
from engine.events import record

_PREFIX = "wharf_"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token is limited to. No `permissions` are all; no `networks` (CIDR) are any.

    `user_id` is who it acts for, and can never do more than.
    """

    permissions: tuple[str, ...] = ()
    place: Place = INSTALLATION
    networks: tuple[str, ...] | None = None
    user_id: str | None = None


class _Known(NamedTuple):
    """A token that may be used, and what it allows. Plain values: they are read for every request."""

    id: str
    name: str
    user_id: str | None
    expires_at: datetime | None
    networks: list[str] | None
    last_used_at: datetime | None
    last_used_from: str
    authority: Authority


class Tokens:
    """The keys to the API."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._uses = LastUses(sessions, _note_use)

    async def create(
        self,
        name: str,
        expires_at: datetime | None = None,
        limits: Limits | None = None,
        *,
        by: str | None = None,
    ) -> tuple[ApiToken, str]:
        """A new token, and its text, which cannot be read again. Without limits it may do everything, everywhere.

        The setup token ends here. `by` is the id of the token that asks. Raises `NotNow` if that was revoked
        meanwhile, as the setup token is by its first use, and `InvalidInput` for an end in the past.
        """
        text = _PREFIX + secrets.token_urlsafe(32)
        row = await self._sessions.write(_create, name, text, expires_at, limits, by)
        return row, text

    async def create_setup_token(self) -> str | None:
        """The text of a token for making the first real one; None once there is any token."""
        text = _PREFIX + "setup_" + secrets.token_urlsafe(32)
        return text if await self._sessions.write(_add_setup_token, text) else None

    async def authenticate(self, text: str, address: str = "") -> Viewer | None:
        """Who has the token with this text, if it may be used, now and from this address."""
        found = self._sessions.read_kept(_known, hashed(text))
        if found is None or _has_passed(found.expires_at) or not _is_one_of(found.networks, address):
            return None
        self._uses.note(found.id, address, found.last_used_at, found.last_used_from)
        return Viewer(
            found.name,
            found.authority,
            user_id=found.user_id,
            token_id=found.id,
            expires_at=found.expires_at,
            address=address,
        )

    async def revoke(self, token_id: str) -> ApiToken:
        """The token is refused from now on. Raises `NotFound`."""
        return await self._sessions.write(_revoke, token_id)


def hashed(text: str) -> str:
    """What is kept of a text with so many random bits that nobody can guess it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def end_setup(session: Session) -> None:
    """The setup token has done what it is for."""
    unused = select(ApiToken).where(ApiToken.grant == Grant.SETUP, col(ApiToken.revoked_at).is_(None))
    for setup in session.exec(unused):
        _end(session, setup)


def end_tokens(session: Session, tokens: Sequence[ApiToken]) -> None:
    """The tokens are refused from now on."""
    for token in tokens:
        if token.revoked_at is None:
            _end(session, token)


def _end(session: Session, row: ApiToken) -> None:
    row.revoked_at = now()
    session.add(row)
    _tell(session, EventKind.REMOVED, row)


def _tell(session: Session, kind: EventKind, row: ApiToken) -> None:
    place = Place(row.team_id, row.project_id, row.environment_id)
    record(session, kind, "ApiToken", row.id, **place._asdict(), data={"name": row.name})


def _create(
    session: Session, name: str, text: str, expires_at: datetime | None, limits: Limits | None, by: str | None
) -> ApiToken:
    if expires_at is not None and expires_at <= now():
        raise InvalidInput("expiresAt must lie in the future.", field=("input", "expiresAt"))
    maker = session.get(ApiToken, by) if by else None
    if maker is not None and maker.revoked_at is not None:
        raise NotNow("The token that asks was used up or revoked.")
    row = ApiToken(name=name, hash=hashed(text), expires_at=expires_at)
    if limits is not None:
        row.grant, row.user_id = Grant.LIMITED, limits.user_id
        row.team_id, row.project_id, row.environment_id = limits.place
        row.permissions = list(limits.permissions)
        row.networks = list(limits.networks) if limits.networks is not None else None
    end_setup(session)
    return _add(session, row)


def _add(session: Session, row: ApiToken) -> ApiToken:
    session.add(row)
    _tell(session, EventKind.CREATED, row)
    return row


def _add_setup_token(session: Session, text: str) -> bool:
    if session.exec(select(ApiToken.id).limit(1)).first() is not None:
        return False
    _add(session, ApiToken(name="setup", hash=hashed(text), grant=Grant.SETUP))
    return True


def _known(session: Session, key: str) -> _Known | None:
    row = session.exec(select(ApiToken).where(ApiToken.hash == key)).first()
    if row is None or not usable(row) or (authority := of_token(session, row)) is None:
        return None
    return _Known(
        row.id,
        row.name,
        row.user_id,
        row.expires_at,
        row.networks,
        row.last_used_at,
        row.last_used_from,
        authority,
    )


def usable(row: ApiToken) -> bool:
    """Whether it is neither revoked nor expired."""
    return row.revoked_at is None and not _has_passed(row.expires_at)


def _has_passed(moment: datetime | None) -> bool:
    return moment is not None and moment <= now()


def _is_one_of(networks: list[str] | None, address: str) -> bool:
    """Whether the address is in one of the networks (CIDR), of which None are all."""
    if networks is None:
        return True
    try:
        peer = ip_address(address)
    except ValueError:  # a socket file has no address
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return any((mapped or peer) in ip_network(each) for each in networks)


def usable_tokens(session: Session) -> list[ApiToken]:
    """Every token that is neither revoked nor expired, oldest first."""
    rows = session.exec(select(ApiToken).where(col(ApiToken.revoked_at).is_(None)).order_by(col(ApiToken.id)))
    return [row for row in rows if usable(row)]


def _note_use(session: Session, token_id: str, address: str) -> None:
    row = session.get_one(ApiToken, token_id)
    row.last_used_at, row.last_used_from = now(), address
    session.add(row)


def _revoke(session: Session, token_id: str) -> ApiToken:
    row = session.get(ApiToken, token_id)
    if row is None:
        raise NotFound("There is no such token.", field=("input", "tokenId"))
    end_tokens(session, [row])
    return row
