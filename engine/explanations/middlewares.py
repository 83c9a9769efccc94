"""What a request goes through before it comes to an application, or to the page in its place. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from engine.certificates.checks import Outcome
from engine.domains.options import NO_OPTIONS, DomainOptions
from engine.explanations.values import Request, Step, StepKind
from engine.proxy.routers import Router, Serve
from engine.proxy.routes import Route

_NOT_LET_IN = 403
_WHO_IS_IT = 401


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a domain does with its requests. `status` is what ends them there; `open`: it is known that none does."""

    steps: tuple[Step, ...] = ()
    status: int | None = None
    open: bool = True


def entrance_steps(request: Request, router: Router, route: Route) -> Entrance:
    """In the order in which the proxy does it."""
    options = route.options or NO_OPTIONS
    networks, limited, users = _networks(request, options), _rate(options), _users(route)
    changes = list(_changes(request, router, route, options))
    steps = tuple(each for each in (networks, limited, users, *changes) if each)
    if networks and networks.outcome is Outcome.WRONG:
        return Entrance(steps, _NOT_LET_IN, open=False)
    if networks and networks.outcome is Outcome.UNKNOWN:
        return Entrance(steps, open=False)
    return Entrance(steps, _WHO_IS_IT if users else None, open=not users)


def _networks(request: Request, options: DomainOptions) -> Step | None:
    networks = [IPv4Network(each) for each in options.allowed_networks]
    if not networks:
        return None
    named = ", ".join(options.allowed_networks[:5]) + (" and others" if len(networks) > 5 else "")
    if request.visitor is None:
        sentence = f"Only visitors from {named} are let in (allowedNetworks); others are answered with 403."
        return Step(StepKind.MIDDLEWARE, Outcome.UNKNOWN, sentence)
    if any(request.visitor in each for each in networks):
        return Step(StepKind.MIDDLEWARE, Outcome.OK, f"{request.visitor} is let in (allowedNetworks).")
    sentence = (
        f"{request.visitor} is answered with 403: only visitors from {named} are let in. Add the network to "
        "allowedNetworks of the domain."
    )
    return Step(StepKind.MIDDLEWARE, Outcome.WRONG, sentence)


def _rate(options: DomainOptions) -> Step | None:
    limit = options.rate_limit
    if limit is None:
        return None
    sentence = (
        f"Of one visitor, {limit.requests} requests in {limit.period:g} s are let in, and {limit.burst} at once; "
        "more are answered with 429 (rateLimit)."
    )
    return Step(StepKind.MIDDLEWARE, Outcome.OK, sentence)


def _users(route: Route) -> Step | None:
    if not route.basic_auth:
        return None
    sentence = "Visitors are asked for name and password (basicAuth); a request without them is answered with 401."
    return Step(StepKind.MIDDLEWARE, Outcome.WRONG, sentence)


def _changes(request: Request, router: Router, route: Route, options: DomainOptions) -> Iterator[Step]:
    if options.hsts and request.secure:
        yield _ok("Browsers are told to ask by HTTPS only (hsts).")
    if not isinstance(router.action, Serve):
        return
    if options.max_body_size is not None:
        yield _ok(f"Bodies of more than {options.max_body_size} bytes are answered with 413 (maxBodySize).")
    if options.request_headers:
        yield _ok(f"The application is sent other headers: {', '.join(sorted(options.request_headers))}.")
    if options.response_headers:
        yield _ok(f"The answer gets other headers: {', '.join(sorted(options.response_headers))}.")
    if options.compress:
        yield _ok("The answer is compressed, for who can read that.")
    if route.strip_prefix and route.path_prefix != "/":
        yield _ok(f"The application sees the path without {route.path_prefix} (stripPrefix).")


def _ok(message: str) -> Step:
    return Step(StepKind.MIDDLEWARE, Outcome.OK, message)
