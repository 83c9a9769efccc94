"""Applications → what the proxy does with each request for their domains, as values that can be written and asked.

The document for Traefik is these values written down; who explains a URL evaluates the same ones.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.domains.names import is_wildcard, names_of
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication

EntryPoint = Literal["web", "websecure"]

DOMAIN = "domain-"  # what the routers of a domain are named, before its id
_SUFFIX = re.compile(r"(-www)?(-secure)?\Z")
# Above those of certificates and of unknown hosts. A prefix has at most 1,024 characters, so that no wildcard
# comes near the names themselves.
_PRIORITY_OF_WILDCARDS = 1000
_PRIORITY_OF_NAMES = 3000
_NAME_ASKED_FOR = "*"
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_NEED_NO_ESCAPE = "%/:@!$&'()*+,;=-._~[]"
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_RESERVED = re.compile(r"[:/?#\[\]@!$&'()*+,;=%]")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where visitors reach the proxy, as redirects name it."""

    http: int = 80
    https: int = 443


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which requests are meant: those for a host, which may begin with "*.", and a part of its paths."""

    host: str
    path_prefix: str = "/"

    def rule(self) -> str:
        """As Traefik reads it: exactly the prefix, or something below it."""
        host = f"Host(`{self.host}`)"
        if self.path_prefix == "/":
            return f"{host} && PathPrefix(`/`)"
        return f"{host} && (Path(`{self.path_prefix}`) || PathPrefix(`{self.path_prefix}/`))"

    def matches(self, host: str, path: str) -> bool:
        """Whether a request is meant, by its host without the port, and its path as it stands in the URL."""
        host = host.lower().removesuffix(".")
        if is_wildcard(self.host):
            label, _, host = host.partition(".")
            if not label or host != self.host.removeprefix("*."):
                return False
        elif host != self.host:
            return False
        path = _compared(path)
        return self.path_prefix in ("/", path) or path.startswith(self.path_prefix + "/")


@dataclass(frozen=True, slots=True)
class Serve:
    """The application answers."""

    application_id: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A page answers, with status 503. `waits`: only after 30 seconds, if the maintenance has not ended by then."""

    reason: HoldingReason
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """One permanent redirect (308) answers: to the same path and query, at `to`.

    `to` is a scheme, a host and, unless it is the usual one, a port; the host is "*" for the one that is asked.
    """

    to: str

    def location(self, host: str, path_and_query: str) -> str:
        """Where a request for this host is sent."""
        path, mark, query = path_and_query.partition("?")
        return self.to.replace(_NAME_ASKED_FOR, host.lower().removesuffix(".")) + sanitised(path) + mark + query


@dataclass(frozen=True, slots=True)
class Router:
    """What becomes of the requests that come in at one entry point and match.

    Of those that match one request the one of highest priority acts; no two of them are equal. `releases`: what
    was held during a maintenance that has ended goes on here.
    """

    name: str
    entry_point: EntryPoint
    matcher: Matcher
    priority: int
    action: Serve | Hold | Redirect
    domain_id: str
    releases: bool = False


def routers_of(application: RoutedApplication, ports: Ports) -> tuple[Router, ...]:
    """All routers of the domains of an application, which must have no `objection`."""
    return tuple(router for route in application.routes for router in _routers(application, route, ports))


def domain_of(router: str) -> str | None:
    """The id of the domain that a router of the document stands for; None for the routers of our own."""
    name = router.removesuffix("@file")
    return _SUFFIX.sub("", name.removeprefix(DOMAIN)) if name.startswith(DOMAIN) else None


def chosen(routers: Iterable[Router], entry_point: EntryPoint, host: str, path: str) -> tuple[Router, ...]:
    """The routers that match a request, the one that acts first."""
    found = [each for each in routers if each.entry_point == entry_point and each.matcher.matches(host, path)]
    return tuple(sorted(found, key=lambda each: -each.priority))


def _routers(application: RoutedApplication, route: Route, ports: Ports) -> Iterator[Router]:
    ended = application.maintenance is not None and application.maintenance.mode is MaintenanceMode.OFF
    for host in names_of(route.host, route.www_mode):
        for entry_point, action in _actions(_answer(application), route, host, ports):
            releases = ended and not isinstance(action, Redirect)
            yield _router(route, host, entry_point, action, releases)


def _answer(application: RoutedApplication) -> Serve | Hold:
    maintenance = application.maintenance
    if maintenance is not None and maintenance.mode is not MaintenanceMode.OFF:
        return Hold(HoldingReason.MAINTENANCE, waits=maintenance.mode is MaintenanceMode.HOLD)
    if isinstance(application.target, Holding):
        return Hold(application.target.reason)
    return Serve(application.application_id)


def _actions(
    answer: Serve | Hold, route: Route, host: str, ports: Ports
) -> Iterator[tuple[EntryPoint, Serve | Hold | Redirect]]:
    """What is done with the requests for one name of a route, at each entry point where anything is."""
    secure = route.scheme is Scheme.HTTPS
    if host != route.host and route.www_mode is WwwMode.REDIRECT:
        to = Redirect(f"https://{route.host}{_port(ports.https, 443)}")
        yield "web", to if secure else Redirect(f"http://{route.host}{_port(ports.http, 80)}")
        if secure:
            yield "websecure", to
        return
    to_https = Redirect(f"https://{_NAME_ASKED_FOR}{_port(ports.https, 443)}")
    yield "web", to_https if secure and route.https_only else answer
    if secure:
        yield "websecure", answer


def _router(
    route: Route, host: str, entry_point: EntryPoint, action: Serve | Hold | Redirect, releases: bool
) -> Router:
    name = DOMAIN + route.domain_id
    name += "-www" if host != route.host else ""
    name += "-secure" if entry_point == "websecure" else ""
    base = _PRIORITY_OF_WILDCARDS if is_wildcard(host) else _PRIORITY_OF_NAMES
    matcher = Matcher(host, route.path_prefix)
    return Router(name, entry_point, matcher, base + len(route.path_prefix), action, route.domain_id, releases)


def _port(number: int, usual: int) -> str:
    return "" if number == usual else f":{number}"


def sanitised(path: str) -> str:
    """A path as Traefik takes it, before it looks for a router: no needless escapes, dot segments, double slashes."""
    path = quote(path, safe=_NEED_NO_ESCAPE)
    path = _ESCAPE.sub(lambda found: _decoded(found[0], _UNRESERVED) or found[0].upper(), path)
    cleaned = posixpath.normpath(f"/{path}").replace("//", "/")
    return f"{cleaned}/" if path.endswith("/") and cleaned != "/" else cleaned


def _compared(path: str) -> str:
    """A path as prefixes are compared with it: what is escaped is decoded, unless it had another meaning then."""
    return _ESCAPE.sub(
        lambda found: found[0] if _decoded(found[0], _RESERVED) else unquote(found[0]), sanitised(path)
    )


def _decoded(escape: str, characters: re.Pattern[str]) -> str:
    """The character behind an escape, if it is one of these."""
    character = chr(int(escape[1:], 16))
    return character if characters.fullmatch(character) else ""
