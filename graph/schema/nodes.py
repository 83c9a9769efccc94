"""Every noun with a page of its own: how it is found, and what is made of its row."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from graph import loaders
from graph.context import Info
from graph.ids import Node, read_global_id
from graph.loaders import Fetch
from graph.permissions import Noun
from graph.schema.applications import Application
from graph.schema.certificate_resolvers import CertificateResolver
from graph.schema.certificates import Certificate
from graph.schema.databases import Database
from graph.schema.deployments import Deployment
from graph.schema.domains import Domain
from graph.schema.dumps import DatabaseDump, DatabaseRestore
from graph.schema.environments import Environment
from graph.schema.invitations import Invitation
from graph.schema.projects import Project
from graph.schema.releases import Release
from graph.schema.servers import Server
from graph.schema.tcp_proxies import TcpProxy
from graph.schema.teams import Membership, Team
from graph.schema.tokens import ApiToken
from graph.schema.users import User

V = TypeVar("V")
T = TypeVar("T")

NODES: dict[str, tuple[Fetch[str, Any], Callable[[Any], Node]]] = {
    Noun.TEAM.value: (loaders.team, Team.of),
    Noun.MEMBERSHIP.value: (loaders.membership, Membership.of),
    Noun.INVITATION.value: (loaders.invitation, Invitation.of),
    Noun.USER.value: (loaders.user, User.of),
    Noun.PROJECT.value: (loaders.project, Project.of),
    Noun.ENVIRONMENT.value: (loaders.environment, Environment.of),
    Noun.APPLICATION.value: (loaders.application, Application.of),
    Noun.DATABASE.value: (loaders.database, Database.of),
    Noun.TCP_PROXY.value: (loaders.tcp_proxy, TcpProxy.of),
    Noun.CERTIFICATE.value: (loaders.certificate, Certificate.of),
    Noun.CERTIFICATE_RESOLVER.value: (loaders.certificate_resolver, CertificateResolver.of),
    Noun.DATABASE_DUMP.value: (loaders.dump, DatabaseDump.of),
    Noun.DATABASE_RESTORE.value: (loaders.restore, DatabaseRestore.of),
    Noun.DOMAIN.value: (loaders.domain, Domain.of),
    Noun.DEPLOYMENT.value: (loaders.deployment, Deployment.of),
    Noun.RELEASE.value: (loaders.release, Release.of),
    Noun.SERVER.value: (loaders.server, Server.of),
    Noun.API_TOKEN.value: (loaders.api_token, ApiToken.of),
}


async def found(
    info: Info, noun: Noun, fetch: Fetch[str, V | None], made: Callable[[V], T], id: strawberry.ID
) -> T | None:
    """The thing with this id; None where there is none, and for the id of something else."""
    match read_global_id(id):
        case (kind, key) if kind == noun.value:
            row = await info.context.load(fetch, key)
            return made(row) if row is not None else None
    return None


async def node_by_key(info: Info, kind: str, key: str) -> Node | None:
    """Whatever noun it is, or None."""
    if kind not in NODES:
        return None
    fetch, made = NODES[kind]
    row = await info.context.load(fetch, key)
    return made(row) if row is not None else None
