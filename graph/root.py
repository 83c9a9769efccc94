"""The whole API, in one schema."""

import strawberry

from graph.build import build_schema
from graph.resolvers.applications import ApplicationMutations, ApplicationQueries
from graph.resolvers.audit import AuditQueries
from graph.resolvers.certificate_resolvers import CertificateResolverMutations, CertificateResolverQueries
from graph.resolvers.certificates import CertificateMutations, CertificateQueries
from graph.resolvers.credentials import CredentialMutations
from graph.resolvers.databases import DatabaseMutations, DatabaseQueries
from graph.resolvers.deployments import DeploymentMutations, DeploymentQueries
from graph.resolvers.domains import DomainMutations, DomainQueries
from graph.resolvers.dumps import DumpMutations, DumpQueries
from graph.resolvers.environments import EnvironmentMutations, EnvironmentQueries
from graph.resolvers.events import EventQueries
from graph.resolvers.explanations import ExplanationMutations, ExplanationQueries
from graph.resolvers.invitations import InvitationMutations
from graph.resolvers.maintenance import MaintenanceMutations
from graph.resolvers.passkeys import PasskeyMutations
from graph.resolvers.projects import ProjectMutations, ProjectQueries
from graph.resolvers.servers import ServerQueries
from graph.resolvers.sign_in import SignInMutations, SignInQueries
from graph.resolvers.tcp_proxies import TcpProxyMutations, TcpProxyQueries
from graph.resolvers.teams import TeamMutations, TeamQueries
from graph.resolvers.tokens import TokenMutations, TokenQueries
from graph.resolvers.users import UserMutations, UserQueries
from graph.resolvers.variables import VariableMutations
from graph.resolvers.viewers import ViewerQueries
from graph.resolvers.volumes import VolumeMutations
from graph.schema.messages import EVENT_TYPES
from graph.subscriptions.applications import ApplicationSubscriptions
from graph.subscriptions.audit import AuditSubscriptions
from graph.subscriptions.certificates import CertificateSubscriptions
from graph.subscriptions.databases import DatabaseSubscriptions
from graph.subscriptions.deployments import DeploymentSubscriptions
from graph.subscriptions.events import EventSubscriptions
from graph.subscriptions.tcp_proxies import TcpProxySubscriptions


@strawberry.type(description="What can be read.")
class Query(
    ViewerQueries,
    TeamQueries,
    ProjectQueries,
    EnvironmentQueries,
    ApplicationQueries,
    DatabaseQueries,
    TcpProxyQueries,
    CertificateQueries,
    CertificateResolverQueries,
    DumpQueries,
    DeploymentQueries,
    DomainQueries,
    ExplanationQueries,
    ServerQueries,
    TokenQueries,
    UserQueries,
    SignInQueries,
    EventQueries,
    AuditQueries,
):
    pass


@strawberry.type(description="What can be done. What is refused is told in the `errors` of the answer.")
class Mutation(
    TeamMutations,
    ProjectMutations,
    EnvironmentMutations,
    ApplicationMutations,
    VariableMutations,
    MaintenanceMutations,
    DatabaseMutations,
    TcpProxyMutations,
    CertificateMutations,
    CertificateResolverMutations,
    DumpMutations,
    VolumeMutations,
    DomainMutations,
    ExplanationMutations,
    DeploymentMutations,
    TokenMutations,
    UserMutations,
    SignInMutations,
    CredentialMutations,
    InvitationMutations,
    PasskeyMutations,
):
    pass


@strawberry.type(
    description="What can be watched live. A socket whose client lets messages lie for ten seconds, or leaves a ping "
    "without an answer for twenty, is closed with the code 4410; whoever connects again and subscribes with its last "
    "cursor as `after` misses nothing. Where the log no longer reaches back that far, the error CURSOR_EXPIRED says "
    "so: read the state anew, and go on from `eventCursor`."
)
class Subscription(
    EventSubscriptions,
    ApplicationSubscriptions,
    DeploymentSubscriptions,
    DatabaseSubscriptions,
    TcpProxySubscriptions,
    CertificateSubscriptions,
    AuditSubscriptions,
):
    pass


schema = build_schema(Query, Mutation, Subscription, types=EVENT_TYPES.values())


def print_schema_text() -> str:
    """The schema in GraphQL's own language, as it is kept beside this file."""
    return schema.as_str() + "\n"
