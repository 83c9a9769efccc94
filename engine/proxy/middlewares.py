"""What the requests of a router go through, as Traefik's middlewares: the outermost first. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.domains.options import DomainOptions, Hsts, RateLimit
from engine.proxy.routers import Hold, Ports, Redirect, Router, Serve
from engine.proxy.routes import HoldingReason, Route, RoutedApplication
from engine.proxy.tcp.allow_list import source_ranges
from engine.proxy.templates import Pattern, http_pattern, page, page_text

Middleware = tuple[str, Pattern]


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where visitors come in: the ports of the host, the address there, and who Docker's own proxy seems to be."""

    ports: Ports = field(default_factory=Ports)
    bind_address: str = "0.0.0.0"
    gateway: str = "127.0.0.1"


ORDINARY = Entrance()


def holding_page(name: str) -> Middleware:
    """The page of a reason why nothing is served, or of an unknown host: the same for everybody."""
    middleware = http_pattern("middlewares", f"holding-{name}")
    told = middleware["plugin"]["wharf"]["page"]
    told["html"] = page(told["message"], page_text(name))
    return f"holding-{name}", middleware


def chain(router: Router, application: RoutedApplication, route: Route, entrance: Entrance) -> list[Middleware]:
    """All that stands before the service of a router.

    A redirect says by what scheme to come, and nothing else: the rest is asked of those who do.
    """
    options = route.options or DomainOptions()
    hsts = [_hsts(route, options.hsts)] if options.hsts and router.entry_point == "websecure" else []
    match router.action:
        case Redirect(to=to):
            return [*hsts, _redirect(router, to)]
        case Hold() as hold:
            return [*hsts, *_gates(route, options, entrance), *_held(router, hold, application)]
        case Serve():
            gates = _gates(route, options, entrance)
            return [*hsts, *gates, *_released(router), *_changes(route, options)]


def _gates(route: Route, options: DomainOptions, entrance: Entrance) -> Iterator[Middleware]:
    """Who may come in, to the application and to what is shown in its place."""
    ranges = source_ranges(options.allowed_networks, entrance.bind_address, entrance.gateway)
    if ranges:
        name, middleware = _of_domain("networks", route)
        middleware["ipAllowList"]["sourceRange"] = list(ranges)
        yield name, middleware
    if options.rate_limit:
        yield _rate_limit(route, options.rate_limit)
    if route.basic_auth:
        name, middleware = _of_domain("users", route)
        middleware["basicAuth"]["users"] = list(route.basic_auth)
        yield name, middleware


def _changes(route: Route, options: DomainOptions) -> Iterator[Middleware]:
    """What is done to what goes to the application, and to what comes back."""
    if options.max_body_size is not None:
        name, middleware = _of_domain("body", route)
        middleware["plugin"]["wharf"]["body"]["mostBytes"] = options.max_body_size
        yield name, middleware
    if options.request_headers or options.response_headers:
        yield _headers(route, options)
    if options.compress:
        yield _of_domain("compress", route)
    if route.strip_prefix and route.path_prefix != "/":
        name, middleware = _of_domain("strip", route)
        middleware["stripPrefix"]["prefixes"] = [route.path_prefix]
        yield name, middleware


def _redirect(router: Router, to: str) -> Middleware:
    middleware = http_pattern("middlewares", "redirect")
    middleware["plugin"]["wharf"]["redirect"]["to"] = to
    # One that is the same for everybody stands in the document once.
    return ("redirect-to-https" if "*" in to else f"redirect-{router.domain_id}"), middleware


def _held(router: Router, hold: Hold, application: RoutedApplication) -> Iterator[Middleware]:
    if hold.reason is not HoldingReason.MAINTENANCE:
        yield from _released(router)
        yield holding_page(hold.reason.value)
        return
    message = application.maintenance.message if application.maintenance else ""
    answer = _maintenance_page(message)
    if hold.waits:
        middleware = http_pattern("middlewares", "wait")
        told = answer["plugin"]["wharf"]["page"]
        middleware["plugin"]["wharf"]["wait"]["page"] |= {"html": told["html"], "message": told["message"]}
        yield _waiting_room(router), middleware
    else:
        yield f"maintenance-{application.application_id}", answer


def _released(router: Router) -> Iterator[Middleware]:
    if router.releases:
        yield _waiting_room(router), http_pattern("middlewares", "release")


def _waiting_room(router: Router) -> str:
    """Where the requests of a router wait: by this name they are let go."""
    return f"wait-{router.name}"


def _maintenance_page(message: str) -> Pattern:
    _, middleware = holding_page(HoldingReason.MAINTENANCE.value)
    if message:
        answer = middleware["plugin"]["wharf"]["page"]
        answer |= {"html": page(answer["message"], message), "message": message}
    return middleware


def _hsts(route: Route, hsts: Hsts) -> Middleware:
    name, middleware = _of_domain("hsts", route)
    middleware["headers"] |= {
        "stsSeconds": hsts.max_age,
        "stsIncludeSubdomains": hsts.include_subdomains,
        "stsPreload": hsts.preload,
    }
    return name, middleware


def _rate_limit(route: Route, limit: RateLimit) -> Middleware:
    name, middleware = _of_domain("rate", route)
    period = f"{limit.period:g}s"
    middleware["rateLimit"] |= {"average": limit.requests, "period": period, "burst": limit.burst}
    return name, middleware


def _headers(route: Route, options: DomainOptions) -> Middleware:
    name, middleware = _of_domain("headers", route)
    said = {"customRequestHeaders": options.request_headers, "customResponseHeaders": options.response_headers}
    middleware["headers"] = {kind: dict(headers) for kind, headers in said.items() if headers}
    return name, middleware


def _of_domain(kind: str, route: Route) -> Middleware:
    return f"{kind}-{route.domain_id}", http_pattern("middlewares", kind)
