"""What the proxy is asked to do, as values: which host and path lead to which application, and where."""

import re
from dataclasses import dataclass
from enum import Enum

from db.models import MaintenanceMode, Scheme, WwwMode
from engine.domains.names import names_of
from engine.domains.options import NO_OPTIONS, DomainOptions, is_user
from engine.errors import InvalidInput

# Host names as DNS has them, lower case; what a browser makes of others (punycode) has this form too.
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\Z")
# No percent signs, quotes or dot segments: what is left means the same to every server on the way.
_PREFIX = re.compile(r"/\Z|(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~!$&()*+,;=:@-]+)+\Z")
_SERVER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*:[1-9][0-9]{0,4}\Z")


class HoldingReason(Enum):
    """Why visitors see a page instead of the application."""

    EMPTY = "empty"
    STOPPED = "stopped"
    FAILING = "failing"
    DEPLOYING = "deploying"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Serving:
    """Requests go to these containers, each "container-name:port"; there is at least one."""

    release_id: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """Requests get the 503 page."""

    reason: HoldingReason


@dataclass(frozen=True, slots=True)
class Route:
    """One domain: a host, perhaps with "*." before it, and a path prefix ("/", or one that ends without a slash).

    `options` None: what was kept of them cannot be read. `basic_auth`: "name:hash" of each who may come in.
    """

    domain_id: str
    host: str
    path_prefix: str = "/"
    strip_prefix: bool = False
    scheme: Scheme = Scheme.HTTP
    www_mode: WwwMode = WwwMode.NONE
    https_only: bool = True
    options: DomainOptions | None = NO_OPTIONS
    basic_auth: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Somebody works on an application; with mode OFF it has just ended, and what was held is let go."""

    mode: MaintenanceMode
    message: str = ""


@dataclass(frozen=True, slots=True)
class RoutedApplication:
    """An application with a port, and all its domains. While it serves it can be probed, domains or not."""

    application_id: str
    target: Serving | Holding
    routes: tuple[Route, ...] = ()
    maintenance: Maintenance | None = None


def objection(route: Route) -> str | None:
    """Why this route cannot be written into a rule, or None when it can."""
    if not _HOST.match(route.host.removeprefix("*.")):
        return f"{route.host!r} is not a host name."
    try:
        names_of(route.host, route.www_mode)
    except InvalidInput as error:
        return error.sentence
    if route.options is None or not all(map(is_user, route.basic_auth)):
        return "Its options cannot be read; set them again."
    if not _PREFIX.match(route.path_prefix):
        return f"{route.path_prefix!r} is not a path prefix that can be routed."
    return None


def unusable_servers(target: Serving) -> str | None:
    """Why these servers cannot be used, or None when they can."""
    bad = [server for server in target.servers if not _SERVER.match(server)]
    if bad or not target.servers:
        return f"Release {target.release_id} has no usable servers: {', '.join(bad) or 'none at all'}."
    return None
