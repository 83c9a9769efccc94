"""What is told of a URL, and what it is told from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address

from db.models import Application, Certificate, Container, Domain
from engine.certificates.checks import Outcome, PreflightCheck
from engine.proxy.routers import EntryPoint, Ports, Router
from engine.proxy.routes import Route


class StepKind(Enum):
    """What a request meets."""

    DNS = "DNS"
    PORT = "PORT"
    ROUTER = "ROUTER"
    REDIRECT = "REDIRECT"
    MIDDLEWARE = "MIDDLEWARE"
    CERTIFICATE = "CERTIFICATE"
    APPLICATION = "APPLICATION"
    CONTAINER = "CONTAINER"
    HEALTH = "HEALTH"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a request meets; the message is a sentence, with what to do where something is wrong."""

    kind: StepKind
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """A GET that somebody makes. `port` is None where the URL has none; `path` and `query` stand as in the URL."""

    secure: bool
    host: str
    port: int | None = None
    path: str = "/"
    query: str = ""
    visitor: IPv4Address | None = None

    @property
    def entry_point(self) -> EntryPoint:
        return "websecure" if self.secure else "web"

    @property
    def path_and_query(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Candidate:
    """A domain that was considered for a request. `acts`: it is its router that the request meets."""

    domain_id: str
    message: str
    acts: bool = False


@dataclass(frozen=True)
class Facts:
    """What there is, as of one moment.

    `routers`, `routes` and `refused` (why the proxy does not take a router, by its name) are about the whole server;
    what else is about rows holds only those that the viewer may see, by id.
    """

    routers: tuple[Router, ...]
    routes: Mapping[str, Route]
    refused: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    applications: Mapping[str, "ApplicationFacts"] = field(default_factory=dict)
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    certified: Mapping[str, str] = field(default_factory=dict)
    """The id of the certificate of each host that has one or is to have one."""
    ports: Ports = field(default_factory=Ports)
    ways: tuple[PreflightCheck, ...] | None = None
    """Where the host leads; None where that was not asked."""
    proxy_problem: str = ""


@dataclass(frozen=True)
class ApplicationFacts:
    """An application that the viewer may see."""

    row: Application
    containers: tuple[Container, ...] = ()
    failure: str = ""
    """Why its last deployment failed, if it did."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens to a request that reaches the proxy, and why.

    `status` and `location` are those of the answer where they can be known: not where the application itself answers,
    nor where that depends on who asks. `application_id`: who would answer, if a domain leads there.
    """

    steps: tuple[Step, ...]
    candidates: tuple[Candidate, ...] = ()
    status: int | None = None
    location: str | None = None
    domain_id: str | None = None
    application_id: str | None = None
    certificate_id: str | None = None
    served: bool = False
    """Whether the application itself answers."""
    verdict: str = ""
    outcome: Outcome = Outcome.UNKNOWN
