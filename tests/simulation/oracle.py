"""Visitors, asked at every change of what they could notice."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.simulation.traefik import Traefik

ANSWERED = "An application that was live stays answered"
PROVED = "No visitor reaches a container that has not passed its check"


@dataclass(slots=True)
class Promise:
    """What the visitors of one host may rely on.

    Nothing is promised while it is barred: its owner has asked for what interrupts it, and for no deployment
    since that has succeeded; or its releases may not run beside each other.
    """

    application_id: str
    interrupted_by_deploying: bool = False
    made: bool = False
    barred_at: datetime | None = None

    @property
    def barred(self) -> bool:
        return self.interrupted_by_deploying or self.barred_at is not None


@dataclass(slots=True)
class Visitors:
    """Asks for every host whenever the proxy or a container has changed."""

    traefik: Traefik
    violated: Callable[[str], None]
    promises: dict[str, Promise] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)  # the applications of which some release was confirmed to answer
    disturbed: bool = False  # containers were killed by hand: who reaches what is nobody's fault then

    def expect(self, host: str, application_id: str, *, interrupted_by_deploying: bool) -> None:
        """Watch a host from now on."""
        self.promises[host] = Promise(application_id, interrupted_by_deploying)

    def confirm(self, application_id: str) -> None:
        """The control plane has seen a release of it answer. A first one that fails before that is not missed."""
        self.live.add(application_id)

    def bar(self, application_id: str) -> None:
        """Its owner has asked for something that interrupts it."""
        for promise in self.promises.values():
            if promise.application_id == application_id:
                promise.made, promise.barred_at = False, self.traefik.machine.now

    def lift(self, application_id: str, asked_at: datetime) -> None:
        """What was asked for at this moment was deployed successfully."""
        for promise in self.promises.values():
            barred_at = promise.barred_at
            if promise.application_id == application_id and barred_at and asked_at > barred_at:
                promise.barred_at = None

    def look(self) -> None:
        document = self.traefik.document
        for host, promise in self.promises.items():
            servers = document.hosts.get(host) if document else None
            missing = self._missing(servers)
            if not missing and not promise.barred:
                promise.made = promise.application_id in self.live
            elif promise.made and not promise.barred and not self.disturbed:
                promise.made = False
                self.violated(f"{ANSWERED}: {host} {missing}.")

    def answered(self, host: str) -> bool:
        document = self.traefik.document
        return not self._missing(document.hosts.get(host) if document else None)

    def page(self, host: str) -> bool:
        """Whether visitors get a page of ours."""
        document = self.traefik.document
        return document is not None and host in document.hosts and document.hosts[host] is None

    def _missing(self, servers: list[str] | None) -> str:
        """Why some visitor would not be answered; "" if all are."""
        if servers is None:
            return "gets a page, or nobody answers at all"
        for name in servers:
            container = self.traefik.reaches(name)
            if container is None:
                return f"is sent to {name}, which does not answer"
            if not container.passed and not self.disturbed and container.life == 1:
                self.violated(f"{PROVED}: {name} is served.")
        return ""
