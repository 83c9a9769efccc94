"""Visitors, asked at every change of what they could notice."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.traefik import Traefik

ANSWERED = "An application that was live stays answered"
PROVED = "No visitor reaches a container that has not passed its check"


@dataclass(slots=True)
class Promise:
    """What the visitors of one host may rely on. While it is `barred`, somebody asked for an interruption."""

    application_id: str
    made: bool = False
    barred: bool = False


@dataclass(slots=True)
class Visitors:
    """Asks for every host whenever the proxy or a container has changed."""

    traefik: Traefik
    violated: Callable[[str], None]
    promises: dict[str, Promise] = field(default_factory=dict)
    disturbed: bool = False  # containers were killed by hand: who reaches what is nobody's fault then

    def expect(self, host: str, application_id: str, *, made: bool = False, barred: bool = False) -> None:
        """Watch a host from now on."""
        self.promises[host] = Promise(application_id, made, barred)

    def bar(self, application_id: str) -> None:
        """Its owner has asked for something that interrupts it."""
        for promise in self.promises.values():
            if promise.application_id == application_id:
                promise.made, promise.barred = False, True

    def lift(self, application_id: str) -> None:
        """It was deployed anew after that, successfully."""
        for promise in self.promises.values():
            if promise.application_id == application_id:
                promise.barred = False

    def look(self) -> None:
        document = self.traefik.document
        for host, promise in self.promises.items():
            servers = document.hosts.get(host) if document else None
            missing = self._missing(servers)
            if not missing and not promise.barred:
                promise.made = True
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
