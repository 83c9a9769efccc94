"""Which type tells of which kind of event."""

from collections.abc import Callable, Mapping

from db import models
from db.models import EventKind
from graph.schema.application_events import ApplicationStatusChanged, ContainerStateChanged
from graph.schema.deployment_events import DeploymentStatusChanged, ReleaseStatusChanged
from graph.schema.events import Event
from graph.schema.resource_events import ResourceCreated, ResourceRemoved, ResourceUpdated
from graph.schema.server_events import DomainStateChanged, ProxyStateChanged, ServerStateChanged

EVENT_TYPES: tuple[type[Event], ...] = (
    ResourceCreated,
    ResourceUpdated,
    ResourceRemoved,
    ApplicationStatusChanged,
    ContainerStateChanged,
    DeploymentStatusChanged,
    ReleaseStatusChanged,
    DomainStateChanged,
    ServerStateChanged,
    ProxyStateChanged,
)
_OF: Mapping[EventKind, Callable[[models.Event], Event]] = {
    EventKind.CREATED: ResourceCreated.of,
    EventKind.UPDATED: ResourceUpdated.of,
    EventKind.REMOVED: ResourceRemoved.of,
    EventKind.APPLICATION_STATUS: ApplicationStatusChanged.of,
    EventKind.CONTAINER_STATE: ContainerStateChanged.of,
    EventKind.DEPLOYMENT_STATUS: DeploymentStatusChanged.of,
    EventKind.RELEASE_STATUS: ReleaseStatusChanged.of,
    EventKind.DOMAIN_STATE: DomainStateChanged.of,
    EventKind.SERVER_STATE: ServerStateChanged.of,
    EventKind.PROXY_STATE: ProxyStateChanged.of,
}


def message(row: models.Event) -> Event:
    """The event as clients are told of it."""
    return _OF[row.kind](row)
