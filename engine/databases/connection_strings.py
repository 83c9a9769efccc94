"""Addresses of databases, in the one form that the clients of a kind read."""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from engine.databases.kinds import Setup


def url(
    scheme: str,
    *,
    tls_scheme: str | None = None,
    tls_query: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    path: str | None = None,
) -> Callable[[Setup, str, int, bool], str]:
    """A function that writes `scheme://user:password@host:port/database?query`, whatever is in the parts of it.

    `path` stands in place of the database. With TLS the scheme is `tls_scheme` and `tls_query` is added.
    """

    def written(setup: Setup, host: str, port: int, tls: bool) -> str:
        credentials = setup.credentials
        asked = {**(query or {}), **(tls_query or {} if tls else {})}
        place = credentials.database if path is None else path
        return (
            f"{(tls and tls_scheme) or scheme}://{_part(credentials.user)}:{_part(credentials.password.reveal())}"
            f"@{f'[{host}]' if ':' in host else host}:{port}"
            + (f"/{_part(place)}" if place else "")
            + (f"{'' if place else '/'}?{urlencode(asked)}" if asked else "")
        )

    return written


def _part(text: str) -> str:
    return quote(text, safe="-._~")
