"""Configurations made by lot: applications with domains of all kinds under a name of their own, and what is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from db.models import Application, Domain, MaintenanceMode, Scheme, WwwMode
from engine.domains.names import other_name
from engine.domains.options import DomainOptions, Hsts, RateLimit
from engine.explanations.values import ApplicationFacts, Facts
from engine.proxy.routes import Holding, HoldingReason, Maintenance, Route, RoutedApplication, Serving

_USER = "ann:$2b$05$" + "a" * 53
_PREFIXES = ("/", "/", "/", "/api", "/api/v1", "/a.b~c", "/x!y")
_ENDS = (
    *("", "", "/", "/users?sort=name&x=%2F", "x", "%2Fv1", "/../api", "//v1", "/./b", "/%C3%BC", "?", "/v1"),
    *("/a%20b;c=1", "/%5C..", "/.%2e/b"),
)
_PATHS = (
    *("/", "/api", "/api/v1/users?sort=name", "/api/v12", "/Api", "/%61pi/users", "/b/../api", "//api", "/ap"),
    *("/x%21y/1", "/%2e%2e/api", "/api/..%2f", "/a%2Eb~c/"),
)


@dataclass(frozen=True)
class Configuration:
    """Some applications, whose domains all lie under one name, and URLs that may or may not lead to one of them."""

    applications: tuple[RoutedApplication, ...]
    urls: tuple[str, ...]

    @property
    def rows(self) -> tuple[Mapping[str, Domain], Mapping[str, ApplicationFacts]]:
        """What the database would have of them."""
        domains = {
            route.domain_id: Domain(
                id=route.domain_id, application_id=each.application_id, server_id="s", host=route.host
            )
            for each in self.applications
            for route in each.routes
        }
        return domains, {
            each.application_id: ApplicationFacts(_row(each.application_id)) for each in self.applications
        }

    def seen(self, facts: Facts) -> Facts:
        """The same facts for somebody who may see everything."""
        from dataclasses import replace

        domains, applications = self.rows
        return replace(facts, domains=domains, applications=applications)


def configurations(count: int, servers: tuple[str, ...], lots: Random) -> Iterator[Configuration]:
    """Different ones, each of which has every server at most once."""
    for number in range(count):
        yield _configuration(number, servers, lots)


def _configuration(number: int, servers: tuple[str, ...], lots: Random) -> Configuration:
    base = f"c{number}.test"
    hosts = [base, f"www.{base}", f"shop.{base}", f"*.{base}"]
    claimed: set[tuple[str, str]] = set()
    applications = []
    for place, server in enumerate(servers[: lots.randint(1, len(servers))]):
        key = f"c{number}a{place}"
        routes = [_route(f"{key}d{each}", hosts, claimed, lots) for each in range(lots.randint(1, 3))]
        applications.append(_application(key, server, tuple(filter(None, routes)), lots))
    return Configuration(tuple(applications), tuple(_url(hosts, sorted(claimed), lots) for _ in range(4)))


def _route(key: str, hosts: list[str], claimed: set[tuple[str, str]], lots: Random) -> Route | None:
    """A domain that shares no name and path with those before it."""
    host, prefix = lots.choice(hosts), lots.choice(_PREFIXES)
    mode = WwwMode.NONE if host.startswith("*") else lots.choice(list(WwwMode))
    names = {(name, prefix) for name in ([host] if mode is WwwMode.NONE else [host, other_name(host)])}
    if names & claimed:
        return None
    claimed |= names
    scheme = lots.choice(list(Scheme))
    options, users = _options(scheme, lots)
    strip, https_only = lots.random() < 0.3, lots.random() < 0.7
    return Route(key, host, prefix, strip, scheme, mode, https_only, options, users)


def _options(scheme: Scheme, lots: Random) -> tuple[DomainOptions, tuple[str, ...]]:
    networks = lots.choice([(), (), (), ("127.0.0.0/8",), ("203.0.113.0/24",), ("203.0.113.0/24", "127.0.0.1/32")])
    options = DomainOptions(
        allowed_networks=networks,
        max_body_size=lots.choice([None, 1000]),
        response_headers=lots.choice([{}, {"X-Frame-Options": "DENY"}]),
        compress=lots.random() < 0.2,
        rate_limit=RateLimit(requests=1000, period=1.0, burst=1000) if lots.random() < 0.1 else None,
        hsts=Hsts(max_age=60) if scheme is Scheme.HTTPS and lots.random() < 0.2 else None,
    )
    return options, (_USER,) if lots.random() < 0.15 else ()


def _application(key: str, server: str, routes: tuple[Route, ...], lots: Random) -> RoutedApplication:
    serves = lots.random() < 0.7
    target = Serving("r", (server,)) if serves else Holding(lots.choice(list(HoldingReason)))
    mode = lots.choices([None, MaintenanceMode.OFF, MaintenanceMode.PAGE], [8, 1, 1])[0]
    return RoutedApplication(key, target, routes, Maintenance(mode, "Back at noon.") if mode else None)


def _url(hosts: list[str], claimed: list[tuple[str, str]], lots: Random) -> str:
    """Mostly one that some domain is for, or nearly."""
    base, scheme = hosts[0], lots.choice(["http", "https"])
    if claimed and lots.random() < 0.75:
        host, prefix = lots.choice(claimed)
        host = host.replace("*", lots.choice(["any", "shop", "www"]))
        end = lots.choice(_ENDS)
        return f"{scheme}://{host}{prefix.rstrip('/') if end.startswith('/') else prefix}{end}"
    host = lots.choice([*hosts[:3], f"api.{base}", f"a.b.{base}", f"x{base}", base.upper(), f"{base}."])
    return f"{scheme}://{host}{lots.choice(_PATHS)}"


def _row(key: str) -> Application:
    return Application(id=key, environment_id="e", server_id="s", name=key, image="shop:1", live_release_id="r")
