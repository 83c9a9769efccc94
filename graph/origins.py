"""Whether a browser asks for a page of ours, or for one from elsewhere that wants to use who is signed in here."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_PORTS = {"http": 80, "https": 443}
_OURS = ("same-origin", "none")  # none: somebody typed the address


def foreign(connection: HTTPConnection) -> bool:
    """Whether a page of another origin asks.

    The page's host and port are compared with those that the request was sent to. A page that came by HTTP is foreign
    to us on HTTPS; not so the other way round, where a proxy ends HTTPS in front of us. Browsers send `Origin` with
    all that could change something, and `Sec-Fetch-Site` with everything; who sends neither is no browser of today.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        return connection.headers.get("sec-fetch-site", "same-origin") not in _OURS
    try:
        page = urlsplit(origin)
        place = (page.hostname, page.port or _PORTS.get(page.scheme))
        asked = urlsplit(f"//{connection.headers.get('host', '')}")
        here = (asked.hostname, asked.port or _PORTS.get(page.scheme))
    except ValueError:
        return True
    secure = connection.scope.get("scheme") in ("https", "wss")
    return page.scheme not in _PORTS or place != here or place[0] is None or (secure and page.scheme != "https")
