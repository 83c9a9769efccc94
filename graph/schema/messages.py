"""Which type tells of which kind of event."""

from collections.abc import Mapping

from db import models
from db.models import EventKind
from graph.schema.application_events import ApplicationStatusChanged, ContainerStateChanged
from graph.schema.certificate_events import CertificateStateChanged
from graph.schema.certificate_expiry_events import CertificateExpires
from graph.schema.database_events import CredentialsRead, DatabaseContainerChanged, DatabaseStatusChanged
from graph.schema.deployment_events import DeploymentStatusChanged, ReleaseStatusChanged
from graph.schema.dump_events import DumpStatusChanged, RestoreStatusChanged
from graph.schema.events import Event
from graph.schema.resource_events import ResourceCreated, ResourceRemoved, ResourceUpdated
from graph.schema.server_events import DomainStateChanged, ProxyStateChanged, ServerStateChanged
from graph.schema.tcp_proxy_events import TcpProxyStateChanged

EVENT_TYPES: Mapping[EventKind, type[Event]] = {
    EventKind.CREATED: ResourceCreated,
    EventKind.UPDATED: ResourceUpdated,
    EventKind.REMOVED: ResourceRemoved,
    EventKind.APPLICATION_STATUS: ApplicationStatusChanged,
    EventKind.CONTAINER_STATE: ContainerStateChanged,
    EventKind.DEPLOYMENT_STATUS: DeploymentStatusChanged,
    EventKind.RELEASE_STATUS: ReleaseStatusChanged,
    EventKind.DOMAIN_STATE: DomainStateChanged,
    EventKind.SERVER_STATE: ServerStateChanged,
    EventKind.PROXY_STATE: ProxyStateChanged,
    EventKind.DATABASE_STATUS: DatabaseStatusChanged,
    EventKind.DATABASE_CONTAINER: DatabaseContainerChanged,
    EventKind.TCP_PROXY_STATE: TcpProxyStateChanged,
    EventKind.DUMP_STATUS: DumpStatusChanged,
    EventKind.RESTORE_STATUS: RestoreStatusChanged,
    EventKind.CREDENTIALS_READ: CredentialsRead,
    EventKind.CERTIFICATE_EXPIRY: CertificateExpires,
    EventKind.CERTIFICATE_STATE: CertificateStateChanged,
}


def message(row: models.Event) -> Event:
    """The event as clients are told of it."""
    return EVENT_TYPES[row.kind].of(row)
