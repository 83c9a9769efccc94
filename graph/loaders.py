"""What the schema reads below its root, by the columns that lead there."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, select

from db.models import (
    ApiToken,
    Application,
    Certificate,
    CertificateResolver,
    CertificateSource,
    Container,
    Database,
    DatabaseContainer,
    DatabaseDump,
    DatabaseLink,
    DatabaseRestore,
    Deployment,
    Domain,
    DomainName,
    Environment,
    EnvironmentVariable,
    Invitation,
    Membership,
    Project,
    Release,
    Scheme,
    Server,
    TcpProxy,
    Team,
    User,
    UserSession,
    Volume,
)
from db.stored import columns_of, selected
from engine.accounts.authority import Authority
from engine.accounts.invitations import open_now
from engine.accounts.user_sessions import live
from engine.accounts.visible import visible
from engine.certificates.shown import covers
from engine.proxy.tcp.observation import TcpProxyObservation
from graph.context import Reader
from graph.loading import Loader, Newest, Only, Paged, held, last, many, one

project = one(Project)
environment = one(Environment)
application = one(Application)
database = one(Database)
tcp_proxy = one(TcpProxy)
certificate = one(Certificate)
certificate_resolver = one(CertificateResolver)
dump = one(DatabaseDump)
restore = one(DatabaseRestore)
domain = one(Domain)
deployment = one(Deployment)
release = one(Release)
container = one(Container)
variable = one(EnvironmentVariable)
volume = one(Volume)
server = one(Server)
team = one(Team)
membership = one(Membership)
user = one(User)
api_token = one(ApiToken, col(ApiToken.revoked_at).is_(None))

_WAITING = (col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_(None))
invitation = one(Invitation, *_WAITING)

team_of = held(Team)
user_of = held(User)
project_of = held(Project)
environment_of = held(Environment)
application_of = held(Application)
database_of = held(Database)
server_of = held(Server)

projects_of = many(Project, "team_id", Project.name)
memberships_of_team = many(Membership, "team_id", Membership.id)
invitations_of = many(
    Invitation,
    "team_id",
    Invitation.id,
    where=_WAITING,
    only=Only(open_now, frozenset({"accepted_at", "revoked_at", "expires_at"})),
)
environments_of = many(Environment, "project_id", Environment.name)
databases_of = many(Database, "environment_id", Database.name)
proxy_of = last(TcpProxy, "database_id", TcpProxy.id)
database_container_of = last(DatabaseContainer, "database_id", DatabaseContainer.id)
dumps_of = many(DatabaseDump, "database_id", col(DatabaseDump.id).desc())
restores_of = many(DatabaseRestore, "database_id", col(DatabaseRestore.id).desc())
links_of_database = many(DatabaseLink, "database_id", DatabaseLink.id)
links_of_application = many(DatabaseLink, "application_id", DatabaseLink.variable)
applications_of = many(Application, "environment_id", Application.name)
domains_of = many(Domain, "application_id", Domain.host, Domain.path_prefix)
containers_of = many(Container, "application_id", Container.release_id, Container.replica)
volumes_of = many(Volume, "application_id", Volume.mount_path)
variables_of = many(
    EnvironmentVariable,
    "application_id",
    EnvironmentVariable.name,
    where=(col(EnvironmentVariable.current),),
)

sessions_of = many(
    UserSession,
    "user_id",
    col(UserSession.last_used_at).desc(),
    UserSession.id,
    where=(col(UserSession.revoked_at).is_(None),),
    only=Only(live, frozenset({"revoked_at", "expires_at", "last_used_at"})),
)

latest_deployment_of = Newest(Deployment)
deployments_of = Paged(Deployment)
releases_of = Paged(Release)


async def activity_of(reader: Reader, tcp_proxy_ids: list[str]) -> list[TcpProxyObservation]:
    return await reader.engine.observe_exposures(tcp_proxy_ids)


class _CertificatesOfDomains(Loader[list[Any]]):
    """Those that are ordered for the names of domains, and those of their teams that were brought and cover one."""

    def __init__(self) -> None:
        super().__init__(Certificate, "id", lambda rows, _: rows)

    async def __call__(self, reader: Reader, keys: list[str]) -> list[list[Any]]:
        return await reader.engine.sessions.read(_certificates_of, reader.authority, keys, None)

    def stored(self, reader: Reader, keys: list[str], columns: frozenset[str] | None) -> list[list[Any]]:
        return reader.engine.sessions.read_now(_certificates_of, reader.authority, keys, columns)


certificates_of_domain = _CertificatesOfDomains()

_COMPARED = {"id", "server_id", "host", "source", "team_id", "names"}


def _certificates_of(
    session: Session, authority: Authority, keys: list[str], columns: Iterable[str] | None
) -> list[list[Any]]:
    table = columns_of(Certificate, None if columns is None else _COMPARED.union(columns))
    seen = selected(table).where(visible(Certificate, authority)).order_by(col(Certificate.id))
    query = (
        select(DomainName, Environment.team_id)
        .join(Domain, col(Domain.id) == col(DomainName.domain_id))
        .join(Application, col(Application.id) == col(Domain.application_id))
        .join(Environment, col(Environment.id) == col(Application.environment_id))
        .where(col(Domain.id).in_(keys), Domain.scheme == Scheme.HTTPS)
    )
    names = session.exec(query).all()
    hosts = {name.host for name, _ in names}
    ordered = session.execute(seen.where(col(Certificate.host).in_(hosts))).all() if hosts else []
    teams = {team_id for _, team_id in names}
    brought = seen.where(col(Certificate.source) == CertificateSource.UPLOADED, col(Certificate.team_id).in_(teams))
    uploaded = session.execute(brought).all() if teams else []
    found: dict[str, dict[str, Any]] = {key: {} for key in keys}
    for name, team_id in names:
        mine = [row for row in ordered if (row.server_id, row.host) == (name.server_id, name.host)]
        mine += [row for row in uploaded if row.team_id == team_id and covers(row.names, name.host)]
        found[name.domain_id] |= {row.id: row for row in mine}
    return [list(found[key].values()) for key in keys]
