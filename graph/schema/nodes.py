"""Every noun with a page of its own: how it is found, and what is made of its row."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import strawberry

from graph import loaders
from graph.compiled import Batched, Reads
from graph.context import Context, Info
from graph.ids import Node, read_global_id
from graph.loading import Loader
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
from graph.schema.loaded import asked
from graph.schema.projects import Project
from graph.schema.releases import Release
from graph.schema.rows import View
from graph.schema.servers import Server
from graph.schema.tcp_proxies import TcpProxy
from graph.schema.teams import Membership, Team
from graph.schema.tokens import ApiToken
from graph.schema.users import User

T = TypeVar("T", bound=View)

NODES: dict[str, tuple[Loader[Any], type[View]]] = {
    Noun.TEAM.value: (loaders.team, Team),
    Noun.MEMBERSHIP.value: (loaders.membership, Membership),
    Noun.INVITATION.value: (loaders.invitation, Invitation),
    Noun.USER.value: (loaders.user, User),
    Noun.PROJECT.value: (loaders.project, Project),
    Noun.ENVIRONMENT.value: (loaders.environment, Environment),
    Noun.APPLICATION.value: (loaders.application, Application),
    Noun.DATABASE.value: (loaders.database, Database),
    Noun.TCP_PROXY.value: (loaders.tcp_proxy, TcpProxy),
    Noun.CERTIFICATE.value: (loaders.certificate, Certificate),
    Noun.CERTIFICATE_RESOLVER.value: (loaders.certificate_resolver, CertificateResolver),
    Noun.DATABASE_DUMP.value: (loaders.dump, DatabaseDump),
    Noun.DATABASE_RESTORE.value: (loaders.restore, DatabaseRestore),
    Noun.DOMAIN.value: (loaders.domain, Domain),
    Noun.DEPLOYMENT.value: (loaders.deployment, Deployment),
    Noun.RELEASE.value: (loaders.release, Release),
    Noun.SERVER.value: (loaders.server, Server),
    Noun.API_TOKEN.value: (loaders.api_token, ApiToken),
}


def found(info: Info, view: type[T], id: strawberry.ID) -> T | None:
    """What a field of the root answers for this id; None where there is nothing, and for an id of something else."""
    match read_global_id(id):
        case (kind, key) if kind in NODES and NODES[kind][1] is view:
            (row,) = info.context.load_now(NODES[kind][0], [key], asked(info, view))
            return view.of(row) if row is not None else None
    return None


def node_of(context: Context, kind: str, key: str) -> Node | None:
    """Whatever noun it is, or None."""
    return cast(Node | None, _nodes(context, kind, [key])[key]) if kind in NODES else None


def node_told(description: str) -> Any:
    """A field that is whatever noun an event tells of by its `noun` and `key`, as it is now."""
    return _NodeTold(description=description)


class _NodeTold(Batched):
    """One statement for all of a kind."""

    attributes = ("noun", "key")

    @property
    def is_async(self) -> bool:  # a cached property there
        return True

    async def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Node | None:
        assert info
        if (found := NODES.get(source.noun.value)) is None:
            return None
        loader, view = found
        row = await info.context.load(loader, source.key)
        return None if row is None else cast(Node, view.of(row))

    def found(self, context: Context, columns: Sequence[Sequence[Any]], reads: Reads) -> Sequence[object]:
        named = list(zip((noun.value for noun in columns[0]), columns[1], strict=True))
        keys: dict[str, list[str]] = defaultdict(list)
        for kind, key in dict.fromkeys(named):
            keys[kind].append(key)
        nodes = {kind: _nodes(context, kind, keys[kind]) for kind in keys if kind in NODES}
        return [nodes[kind][key] if kind in nodes else None for kind, key in named]


def _nodes(context: Context, kind: str, keys: list[str]) -> dict[str, View | None]:
    """By their keys, with all columns: which of them are asked for depends on what they turn out to be."""
    loader, view = NODES[kind]
    rows = context.load_now(loader, keys, None)
    return {key: None if row is None else view.of(row) for key, row in zip(keys, rows, strict=True)}
