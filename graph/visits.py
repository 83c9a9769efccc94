"""A browser's HTTP request: where it comes from, the cookie it brings, and the cookies it is given.

The session's cookie is SameSite=Strict: pages are static and ask this API from its own origin, so that nothing is
lost when a link from elsewhere is followed without it. `__Host-` keeps other hosts of the domain, and HTTP, from
setting it.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from engine.accounts.user_sessions import LONGEST, Browser

SESSION = "wharf"
_SECURE = ("https", "wss")
_LONGEST_COOKIE = 4096


@dataclass
class Visit:
    """One request. `secure`: it came by HTTPS."""

    secure: bool
    address: str
    user_agent: str
    cookies: dict[str, str] = field(repr=False)
    host: str = ""
    _given: dict[str, tuple[str, timedelta, Literal["lax", "strict"]]] = field(default_factory=dict, repr=False)

    @property
    def session(self) -> str | None:
        """What the browser was given when it signed in; None: nothing."""
        return self.cookie(SESSION)

    @property
    def browser(self) -> Browser:
        return Browser(self.address, self.user_agent, self.session)

    @property
    def origin(self) -> str:
        """That of the pages which this request was sent to."""
        return f"{'https' if self.secure else 'http'}://{self.host}"

    def cookie(self, name: str) -> str | None:
        found = self.cookies.get(self._full(name))
        return found if found and len(found) <= _LONGEST_COOKIE else None

    def sign_in(self, text: str) -> None:
        """Give the browser the cookie of its session."""
        self.give(SESSION, text, LONGEST, "strict")

    def sign_out(self) -> None:
        """Take the cookie of the session away."""
        self.take_away(SESSION)

    def give(self, name: str, text: str, lasts: timedelta, same_site: Literal["lax", "strict"]) -> None:
        self._given[self._full(name)] = (text, lasts, same_site)

    def take_away(self, name: str) -> None:
        self._given[self._full(name)] = ("", timedelta(), "strict")

    def write(self, response: Response) -> Response:
        """The response, with the cookies that were given."""
        for name, (text, lasts, same_site) in self._given.items():
            seconds = int(lasts.total_seconds())
            response.set_cookie(
                name, text, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite=same_site
            )
        return response

    def _full(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def visit_of(connection: HTTPConnection) -> Visit:
    """The request, or the handshake of a websocket, as one."""
    return Visit(
        secure=connection.scope.get("scheme") in _SECURE,
        address=connection.client.host if connection.client else "",
        user_agent=connection.headers.get("user-agent", ""),
        cookies=connection.cookies,
        host=connection.headers.get("host", ""),
    )
