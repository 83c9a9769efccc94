"""Applications and their routes → the document for a Traefik that is not ours. Pure, sorted, byte-stable.

What only our own proxy has is left out or said in another way: there are no probes, no pages and no plugin, and no
certificates, which such a Traefik gets by itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.proxy.compiler import ROUTER_PATTERNS, as_text
from engine.proxy.middlewares import ORDINARY, Middleware, chain
from engine.proxy.routers import Redirect, Router, Serve, routers_of
from engine.proxy.routes import Route, RoutedApplication, Serving, objection, unusable_servers
from engine.proxy.templates import Pattern, foreign_pattern, http_pattern

_HELD = "held"


def foreign_document(applications: Iterable[RoutedApplication]) -> str:
    """The document, as JSON. The same applications, in any order, give the same bytes.

    Its entry points are web, on port 80, and websecure, on port 443; containers are named as on our networks.
    """
    document = _Document()
    for application in sorted(applications, key=lambda each: each.application_id):
        document.add(application)
    return document.text()


class _Document:
    def __init__(self) -> None:
        self.routers: Pattern = {}
        self.services: Pattern = {}
        self.middlewares: Pattern = {}

    def add(self, application: RoutedApplication) -> None:
        if isinstance(application.target, Serving) and unusable_servers(application.target):
            return
        routes = {route.domain_id: route for route in application.routes if not objection(route)}
        usable = replace(application, routes=tuple(routes.values()))
        for router in routers_of(usable, ORDINARY.ports):
            route = routes[router.domain_id]
            middlewares = list(_translated(router, route, chain(router, application, route, ORDINARY)))
            self._route(router, self._service(router, application), middlewares)

    def text(self) -> str:
        sections = {"routers": self.routers, "services": self.services, "middlewares": self.middlewares}
        # Traefik refuses a document with an empty section.
        http = {name: section for name, section in sections.items() if section}
        return as_text({"http": http} if http else {})

    def _service(self, router: Router, application: RoutedApplication) -> str:
        """The service of a router: one without servers is answered with 503."""
        if isinstance(router.action, Redirect):
            return "noop@internal"
        name, servers = _HELD, tuple[str, ...]()
        if isinstance(router.action, Serve) and isinstance(application.target, Serving):
            name, servers = f"application-{application.application_id}", application.target.servers
        service = http_pattern("services", "application")
        service["loadBalancer"]["servers"] = [{"url": f"http://{server}"} for server in sorted(servers)]
        self.services[name] = service
        return name

    def _route(self, router: Router, service: str, middlewares: list[Middleware]) -> None:
        pattern = http_pattern("routers", ROUTER_PATTERNS[router.entry_point])
        pattern |= {"rule": router.matcher.rule(), "priority": router.priority, "service": service}
        del pattern["middlewares"]
        if middlewares:
            pattern["middlewares"] = [name for name, _ in middlewares]
        self.middlewares.update(middlewares)
        self.routers[router.name] = pattern


def _translated(router: Router, route: Route, middlewares: Iterable[Middleware]) -> Iterator[Middleware]:
    """What every Traefik has: our pages and waiting rooms are left out, for there is a service that answers."""
    for name, middleware in middlewares:
        ours = middleware.get("plugin", {}).get("wharf")
        if ours is None:
            if "ipAllowList" in middleware and route.options:  # ours knows whom Docker's own proxy stands for
                middleware["ipAllowList"]["sourceRange"] = list(route.options.allowed_networks)
            yield name, middleware
        elif "body" in ours:
            limit = foreign_pattern("body")
            limit["buffering"]["maxRequestBodyBytes"] = ours["body"]["mostBytes"] or 1  # 0 is no limit there
            yield name, limit
        elif isinstance(router.action, Redirect):
            redirect = foreign_pattern("redirect")
            redirect["redirectRegex"]["replacement"] = f"{router.action.to.replace('*', '${1}')}${{2}}"
            yield name, redirect
