"""Every table, under one roof: `from db import models`."""

from db.models.applications import (
    DEFAULT_PIDS_LIMIT,
    Application,
    ApplicationStatus,
    DesiredState,
    EnvironmentVariable,
    MaintenanceMode,
    PullPolicy,
    RestartPolicy,
    Strategy,
    Volume,
)
from db.models.audit import AuditEntry
from db.models.certificate_resolvers import CertificateResolver, Challenge, KeyType
from db.models.certificates import (
    Certificate,
    CertificateOrder,
    CertificateReason,
    CertificateSource,
    CertificateState,
)
from db.models.columns import new_id, now
from db.models.containers import Container, ObservedContainer
from db.models.database_kinds import DatabaseKind
from db.models.databases import (
    Database,
    DatabaseContainer,
    DatabaseDump,
    DatabaseLink,
    DatabaseProblem,
    DatabaseRestore,
    DatabaseStatus,
    DumpStatus,
    RestoreStatus,
)
from db.models.deployments import (
    Deployment,
    DeploymentKind,
    DeploymentLogLine,
    DeploymentStatus,
    FailureReason,
    LogSource,
)
from db.models.domains import Domain, DomainName, Scheme, WwwMode
from db.models.events import Event, EventKind
from db.models.instances import Instance
from db.models.projects import Environment, Project
from db.models.releases import Release, ReleaseStatus
from db.models.servers import ProxyState, Server, ServerState, Subnet
from db.models.tcp_proxies import TcpProxy, TcpProxyReason, TcpProxyState, TlsMode
from db.models.teams import Invitation, Membership, Role, Team
from db.models.tokens import ApiToken, Grant
from db.models.users import Identity, Passkey, PasswordReset, RecoveryCode, User, UserSession

__all__ = [
    "DEFAULT_PIDS_LIMIT",
    "ApiToken",
    "Application",
    "ApplicationStatus",
    "AuditEntry",
    "Certificate",
    "CertificateOrder",
    "CertificateReason",
    "CertificateResolver",
    "CertificateSource",
    "CertificateState",
    "Challenge",
    "Container",
    "Database",
    "DatabaseContainer",
    "DatabaseDump",
    "DatabaseKind",
    "DatabaseLink",
    "DatabaseProblem",
    "DatabaseRestore",
    "DatabaseStatus",
    "Deployment",
    "DeploymentKind",
    "DeploymentLogLine",
    "DeploymentStatus",
    "DesiredState",
    "Domain",
    "DomainName",
    "DumpStatus",
    "Environment",
    "EnvironmentVariable",
    "Event",
    "EventKind",
    "FailureReason",
    "Grant",
    "Identity",
    "Instance",
    "Invitation",
    "KeyType",
    "LogSource",
    "MaintenanceMode",
    "Membership",
    "ObservedContainer",
    "Passkey",
    "PasswordReset",
    "Project",
    "ProxyState",
    "PullPolicy",
    "RecoveryCode",
    "Release",
    "ReleaseStatus",
    "RestartPolicy",
    "RestoreStatus",
    "Role",
    "Scheme",
    "Server",
    "ServerState",
    "Strategy",
    "Subnet",
    "TcpProxy",
    "TcpProxyReason",
    "TcpProxyState",
    "Team",
    "TlsMode",
    "User",
    "UserSession",
    "Volume",
    "WwwMode",
    "new_id",
    "now",
]
