"""Applications and their routes → the one document that Traefik serves from. Pure, sorted, byte-stable."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from engine.proxy.middlewares import ORDINARY, Entrance, Middleware, chain, holding_page
from engine.proxy.reach import reach_of
from engine.proxy.routers import Router, Serve, routers_of
from engine.proxy.routes import (
    HoldingReason,
    RoutedApplication,
    Serving,
    objection,
    unusable_servers,
)
from engine.proxy.templates import Pattern, http_pattern
from engine.proxy.tls import AcmeCertificate, certificate_routers

KEY_HEADER = "X-Wharf-Key"
PROBE_HEADER = "X-Wharf-Probe"
RELEASE_HEADER = "X-Wharf-Release"
ROUTER_PATTERNS = {"web": "domain", "websecure": "domain-secure"}
_NOBODY = "noop@internal"  # never reached: a page or a redirect answers
_KEY = re.compile(r"[A-Za-z0-9_-]{16,}\Z")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A whole document. `rejected` tells, by domain id, what was left out of it and why.

    Private keys of certificates stand in the text: it is for the proxy alone.
    """

    text: str = field(repr=False)
    revision: str
    rejected: dict[str, str]


def compile_routes(
    applications: Iterable[RoutedApplication],
    *,
    key: str,
    entrance: Entrance = ORDINARY,
    certificates: Sequence[Pattern] = (),
    acme: Iterable[AcmeCertificate] = (),
) -> Compiled:
    """The document for these applications. The same ones, in any order, give the same bytes.

    `certificates` are what `engine.proxy.tls.own_certificates` gives, `acme` those that Traefik orders.

    A route that cannot be used is left out and named; everything else is in the document all the same.
    """
    if not is_key(key):
        raise ValueError("The proxy's key must be 16 or more letters, digits, - or _.")
    document = _Document(key, entrance, certificates)
    document.routers |= certificate_routers(acme)
    for application in sorted(applications, key=lambda each: each.application_id):
        document.add(application)
    return document.compiled()


class _Document:
    def __init__(self, key: str, entrance: Entrance, certificates: Sequence[Pattern]) -> None:
        self.key = key
        self.entrance = entrance
        self.certificates = certificates
        self.routers: Pattern = {}
        self.services: Pattern = {}
        self.middlewares: Pattern = dict(map(holding_page, (*(each.value for each in HoldingReason), "unknown")))
        self.rejected: dict[str, str] = {}
        for name in ("unknown", "unknown-secure"):
            self.routers[name] = http_pattern("routers", name)
        self._reach()
        self._internal("api", "PathPrefix(`/api/`)")

    def add(self, application: RoutedApplication) -> None:
        target = application.target
        problem = unusable_servers(target) if isinstance(target, Serving) else None
        if isinstance(target, Serving) and not problem:
            self._serve(application.application_id, target)
        routes = {}
        for route in application.routes:
            if refusal := problem or objection(route):
                self.rejected[route.domain_id] = refusal
            else:
                routes[route.domain_id] = route
        usable = replace(application, routes=tuple(routes.values()))
        for router in routers_of(usable, self.entrance.ports):
            self._route(router, chain(router, application, routes[router.domain_id], self.entrance))

    def compiled(self) -> Compiled:
        # The revision covers everything but its own mark, which is added last.
        revision = revision_of(self._whole())
        self._internal("revision", f"Path(`{revision_path(revision)}`)")
        return Compiled(as_text(self._whole()), revision, self.rejected)

    def _whole(self) -> Pattern:
        sections = {"routers": self.routers, "services": self.services, "middlewares": self.middlewares}
        # Traefik refuses a document with an empty section.
        document: Pattern = {"http": {name: section for name, section in sections.items() if section}}
        return document | ({"tls": {"certificates": list(self.certificates)}} if self.certificates else {})

    def _serve(self, application_id: str, target: Serving) -> None:
        name = _application(application_id)
        service = http_pattern("services", "application")
        servers = [{"url": f"http://{server}"} for server in sorted(target.servers)]
        service["loadBalancer"]["servers"] = servers
        self.services[name] = service
        probe = f"probe-{application_id}"
        middleware = http_pattern("middlewares", "probe")
        middleware["headers"]["customResponseHeaders"][RELEASE_HEADER] = target.release_id
        self.middlewares[probe] = middleware
        asked = f"Header(`{PROBE_HEADER}`, `{application_id}`)"
        self._internal(probe, asked, pattern="probe", service=name, middlewares=[probe])

    def _route(self, router: Router, middlewares: list[Middleware]) -> None:
        pattern = http_pattern("routers", ROUTER_PATTERNS[router.entry_point])
        pattern["rule"], pattern["priority"] = router.matcher.rule(), router.priority
        action = router.action
        pattern["service"] = _application(action.application_id) if isinstance(action, Serve) else _NOBODY
        del pattern["middlewares"]
        if middlewares:
            pattern["middlewares"] = [name for name, _ in middlewares]
        self.middlewares.update(middlewares)
        self.routers[router.name] = pattern

    def _reach(self) -> None:
        reach = reach_of(self.key)
        for name in ("reach", "reach-secure"):
            self.routers[name] = http_pattern("routers", name) | {"rule": f"Path(`{reach.path}`)"}
        middleware = http_pattern("middlewares", "reach")
        middleware["plugin"]["wharf"]["page"]["html"] = reach.word
        self.middlewares["reach"] = middleware

    def _internal(self, name: str, matcher: str, *, pattern: str = "", **filled: Any) -> None:
        router = http_pattern("routers", pattern or name)
        self.routers[name] = router | {"rule": f"Header(`{KEY_HEADER}`, `{self.key}`) && {matcher}"} | filled


def revision_of(document: Pattern) -> str:
    """What tells this document from every other one."""
    return hashlib.sha256(_json(document)).hexdigest()


def as_text(document: Pattern) -> str:
    """The document as Traefik reads it, where no value can be taken for a Go template."""
    # A value can hold "{{" only inside a string, where JSON can say it in another way.
    return _json(document).decode().replace("{{", "{\\u007b") + "\n"


def is_key(key: str) -> bool:
    """Whether this can be the secret in a rule: 16 or more letters, digits, - or _."""
    return _KEY.match(key) is not None


def revision_path(revision: str) -> str:
    """What the mark of a document matches; one that comes in an archive has its slot appended to it."""
    return f"/revision/{revision}"


def _application(application_id: str) -> str:
    return f"application-{application_id}"


def _json(value: Pattern) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
