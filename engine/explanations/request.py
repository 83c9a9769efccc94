"""A URL that somebody asks about → the request that it stands for."""

from ipaddress import IPv4Address

from yarl import URL

from engine.errors import InvalidInput
from engine.explanations.values import Request
from engine.names import hostname, shown

_LONGEST = 2048
_FIELD = ("url",)


def request_of(url: str, visitor: IPv4Address | None = None) -> Request:
    """As a browser would send it. Raises `InvalidInput`."""
    if len(url) > _LONGEST:
        raise InvalidInput(f"A URL to explain has at most {_LONGEST} characters.", field=_FIELD)
    try:
        parsed = URL(url)
        host, port = parsed.host or "", parsed.explicit_port
    except ValueError as error:
        raise _not_a_url(url) from error
    if parsed.scheme not in ("http", "https") or not host:
        raise _not_a_url(url)
    try:
        name = hostname(host)
    except InvalidInput as error:
        raise InvalidInput(error.sentence, field=_FIELD) from error
    return Request(
        parsed.scheme == "https", name, port, parsed.raw_path or "/", parsed.raw_query_string, visitor=visitor
    )


def _not_a_url(url: str) -> InvalidInput:
    return InvalidInput(f"{shown(url)} is not a URL. Write it like https://shop.example.com/cart.", field=_FIELD)
