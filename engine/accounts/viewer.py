"""Whoever asks for something."""

from dataclasses import dataclass
from datetime import datetime

from engine.accounts.authority import EVERYTHING, NOTHING, Authority


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, what they may do, and what that rests on: a user's session, or a token. `address` is the peer's."""

    name: str
    authority: Authority
    user_id: str | None = None
    session_id: str | None = None
    token_id: str | None = None
    expires_at: datetime | None = None  # when the session or the token ends
    address: str = ""

    @property
    def key(self) -> str:
        """The same for all that one user, or one token that is nobody's, asks for."""
        if self.anonymous:
            return f"Peer:{self.address}"
        return f"User:{self.user_id}" if self.user_id else f"ApiToken:{self.token_id}"

    @property
    def anonymous(self) -> bool:
        """Whether it is somebody who has shown neither a token nor a session."""
        return not self.user_id and not self.token_id and self.authority == NOTHING

    @property
    def in_person(self) -> str | None:
        """The user, if it is they who ask, with a browser: what is their own is no business of their tokens."""
        return self.user_id if self.session_id else None

    @property
    def rests_on(self) -> frozenset[str]:
        """What this ends with, such as "ApiToken:01h…": when one of it is taken away, so is all that was opened."""
        grounds = {"User": self.user_id, "UserSession": self.session_id, "ApiToken": self.token_id}
        return frozenset(f"{kind}:{key}" for kind, key in grounds.items() if key)


def anyone_with(authority: Authority) -> Viewer:
    """Who asks for what all viewers with this authority are told alike. Is nobody, and has no name."""
    return Viewer("", authority)


def anybody_at(address: str) -> Viewer:
    """Whoever asks from this address without saying who it is."""
    return Viewer("", NOTHING, address=address)


THE_MACHINE = Viewer("the command line", EVERYTHING)
"""Whoever has a shell on the machine that holds the database."""
