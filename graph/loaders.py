"""What the schema reads, in bulk: one query for all sibling fields that ask for the same kind of thing."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from sqlalchemy import bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, or_, select

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
    Event,
    EventKind,
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
from db.stored import Statement, Stored, columns_of, given, selected, several
from engine.accounts.authority import Authority
from engine.accounts.visible import visible, visible_events
from engine.certificates.shown import covers
from graph.context import Reader
from graph.errors import Forbidden

K = TypeVar("K")
V = TypeVar("V")
Row = TypeVar(
    "Row",
    ApiToken,
    Application,
    Certificate,
    CertificateResolver,
    Container,
    Database,
    DatabaseContainer,
    DatabaseDump,
    DatabaseLink,
    DatabaseRestore,
    Deployment,
    Domain,
    Environment,
    EnvironmentVariable,
    Invitation,
    Membership,
    Project,
    Release,
    Server,
    TcpProxy,
    Team,
    User,
    UserSession,
    Volume,
)
Numbered = TypeVar("Numbered", Deployment, Release)

Fetch: TypeAlias = Callable[[Reader, list[K]], Awaitable[Sequence[V]]]


class PageKey(NamedTuple):
    """The newest `first` + 1 rows of an application whose number is below `before`."""

    application_id: str
    first: int
    before: int | None


_PREPARED = 256  # statements of each loader: one for each set of columns, and each of those who may see


class Loader(Generic[V]):
    """Finds rows by the values of one column, for many values at once.

    Called, as `Context.load` does, it gives what `made` makes of the rows for each key. `stored` gives the same with
    rows that have no more than the columns that are asked for.
    """

    def __init__(
        self,
        table: type[Any],
        key: str,
        made: Callable[[list[Any], str], V],
        order: Sequence[Any] = (),
        where: Sequence[Any] = (),
    ) -> None:
        self.table: Any = table
        self._key, self._made, self._order, self._where = key, made, order, where
        self._prepared = lru_cache(_PREPARED)(self._prepare)

    async def __call__(self, reader: Reader, keys: list[str]) -> list[V]:
        rows = await reader.engine.sessions.read(self._whole, reader.authority, keys)
        return self._grouped(rows, keys)

    def stored(self, reader: Reader, keys: list[str], columns: frozenset[str] | None) -> list[V]:
        """For each key, in their order, as much of what is found as these columns; None: all of it."""
        sessions = reader.engine.sessions
        statement = self._prepared(columns, reader.authority, sessions.dialect)
        return self._grouped(sessions.rows_now(statement, keys=several(keys)), keys)

    def _whole(self, session: Session, authority: Authority, keys: list[str]) -> Sequence[Any]:
        query = select(self.table).where(self._column.in_(set(keys)), visible(self.table, authority), *self._where)
        return session.exec(query.order_by(*self._order)).all()

    def _prepare(self, names: frozenset[str] | None, authority: Authority, dialect: Dialect) -> Statement:
        columns = columns_of(self.table, None if names is None else names | {self._key})
        query = selected(columns).where(self._among(), visible(self.table, authority), *self._where)
        return Statement(query.order_by(*self._order), columns, dialect)

    def _grouped(self, rows: Iterable[Any], keys: list[str]) -> list[V]:
        groups: dict[str, list[Any]] = {key: [] for key in keys}
        key_of = attrgetter(self._key)
        for row in rows:
            groups[key_of(row)].append(row)
        return [self._made(groups[key], key) for key in keys]

    def _among(self) -> Any:
        return self._column.in_(select(given("keys").c.value))

    @property
    def _column(self) -> Any:
        return getattr(self.table, self._key)


def _one(table: type[Row], *conditions: Any) -> Loader[Row | None]:
    return Loader(table, "id", lambda rows, _: rows[0] if rows else None, where=conditions)


def _held(table: type[Row]) -> Loader[Row]:
    """As `_one`, for rows that a foreign key keeps from going before what refers to them.

    One that may not be read is an error of the field: its noun is known already from what refers to it.
    """

    def made(rows: list[Row], _key: str) -> Any:  # an error is raised where the row is awaited
        return rows[0] if rows else Forbidden(f"You may not read this {table.__name__}.")

    return Loader(table, "id", made)


def _many(table: type[Row], owner: str, *order: Any, where: Sequence[Any] = ()) -> Loader[list[Row]]:
    """The rows whose column `owner` holds the key, in this order."""
    return Loader(table, owner, lambda rows, _: rows, order, where)


class _Newest(Loader[Numbered | None]):
    """The row with the highest number of each application; None: it has none."""

    def __init__(self, table: type[Numbered]) -> None:
        super().__init__(table, "application_id", lambda rows, _: rows[0] if rows else None)

    def _whole(self, session: Session, authority: Authority, keys: list[str]) -> Sequence[Numbered]:
        return _newest(session, authority, self.table, keys, 0, None)

    def _among(self) -> Any:
        # One index search for each application, as below.
        each, keys = aliased(self.table), given("keys")
        newest = select(each.id).where(each.application_id == keys.c.value).order_by(col(each.number).desc()).limit(1)
        return col(self.table.id).in_(select(newest.correlate(keys).scalar_subquery()).select_from(keys))


def _pages(table: type[Numbered]) -> Fetch[PageKey, list[Numbered]]:
    async def fetch(reader: Reader, keys: list[PageKey]) -> list[list[Numbered]]:
        found: dict[PageKey, list[Numbered]] = defaultdict(list)
        for first, before in {key[1:] for key in keys}:
            wanted = [key.application_id for key in keys if key[1:] == (first, before)]
            for row in await reader.engine.sessions.read(_newest, reader.authority, table, wanted, first, before):
                found[PageKey(row.application_id, first, before)].append(row)
        return [found[key] for key in keys]

    return fetch


def _newest(
    session: Session,
    authority: Authority,
    table: type[Numbered],
    application_ids: list[str],
    first: int,
    before: int | None,
) -> list[Numbered]:
    # One index search for each application: how many rows it has beyond the page does not matter.
    each = aliased(table)
    last_of_page = select(col(each.number)).where(each.application_id == Application.id)
    query = select(table).join(Application, col(Application.id) == table.application_id)
    if before is not None:
        last_of_page = last_of_page.where(col(each.number) < before)
        query = query.where(col(table.number) < before)
    bound = last_of_page.order_by(col(each.number).desc()).offset(first).limit(1).scalar_subquery()
    query = query.where(col(Application.id).in_(application_ids), col(table.number) >= func.coalesce(bound, 0))
    query = query.where(visible(table, authority))
    return list(session.exec(query.order_by(col(table.number).desc())))


project = _one(Project)
environment = _one(Environment)
application = _one(Application)
database = _one(Database)
tcp_proxy = _one(TcpProxy)
certificate = _one(Certificate)
certificate_resolver = _one(CertificateResolver)
dump = _one(DatabaseDump)
restore = _one(DatabaseRestore)
domain = _one(Domain)
deployment = _one(Deployment)
release = _one(Release)
container = _one(Container)
variable = _one(EnvironmentVariable)
volume = _one(Volume)
server = _one(Server)
team = _one(Team)
membership = _one(Membership)
user = _one(User)
api_token = _one(ApiToken, col(ApiToken.revoked_at).is_(None))

_WAITING = (col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_(None))
invitation = _one(Invitation, *_WAITING)

team_of = _held(Team)
user_of = _held(User)
project_of = _held(Project)
environment_of = _held(Environment)
application_of = _held(Application)
database_of = _held(Database)
server_of = _held(Server)

projects_of = _many(Project, "team_id", Project.name)
memberships_of_team = _many(Membership, "team_id", Membership.id)
invitations_of = _many(Invitation, "team_id", Invitation.id, where=_WAITING)
environments_of = _many(Environment, "project_id", Environment.name)
databases_of = _many(Database, "environment_id", Database.name)
proxies_of = _many(TcpProxy, "database_id", TcpProxy.id)
database_containers_of = _many(DatabaseContainer, "database_id", DatabaseContainer.id)
dumps_of = _many(DatabaseDump, "database_id", col(DatabaseDump.id).desc())
restores_of = _many(DatabaseRestore, "database_id", col(DatabaseRestore.id).desc())
links_of_database = _many(DatabaseLink, "database_id", DatabaseLink.id)
links_of_application = _many(DatabaseLink, "application_id", DatabaseLink.variable)
applications_of = _many(Application, "environment_id", Application.name)
domains_of = _many(Domain, "application_id", Domain.host, Domain.path_prefix)
containers_of = _many(Container, "application_id", Container.release_id, Container.replica)
volumes_of = _many(Volume, "application_id", Volume.mount_path)
variables_of = _many(
    EnvironmentVariable,
    "application_id",
    EnvironmentVariable.name,
    where=(col(EnvironmentVariable.current),),
)

sessions_of = _many(
    UserSession,
    "user_id",
    col(UserSession.last_used_at).desc(),
    UserSession.id,
    where=(col(UserSession.revoked_at).is_(None),),
)

latest_deployment_of = _Newest(Deployment)
deployments_of = _pages(Deployment)
releases_of = _pages(Release)


def projects(session: Session, authority: Authority) -> list[Project]:
    return list(session.exec(select(Project).where(visible(Project, authority)).order_by(Project.name)))


def teams(session: Session, authority: Authority) -> list[Team]:
    return list(session.exec(select(Team).where(visible(Team, authority)).order_by(Team.name)))


def users(session: Session, authority: Authority) -> list[User]:
    return list(session.exec(select(User).where(visible(User, authority)).order_by(User.email)))


def servers(session: Session, authority: Authority) -> list[Server]:
    return list(session.exec(select(Server).where(visible(Server, authority)).order_by(Server.name)))


def tcp_proxies(session: Session, authority: Authority) -> list[TcpProxy]:
    return list(
        session.exec(
            select(TcpProxy)
            .where(visible(TcpProxy, authority))
            .order_by(col(TcpProxy.bind_address), col(TcpProxy.port))
        )
    )


def certificates(session: Session, authority: Authority) -> list[Certificate]:
    return list(session.exec(select(Certificate).where(visible(Certificate, authority)).order_by(Certificate.id)))


def certificate_resolvers(session: Session, authority: Authority) -> list[CertificateResolver]:
    query = select(CertificateResolver).where(visible(CertificateResolver, authority))
    return list(session.exec(query.order_by(CertificateResolver.name)))


async def certificates_of_domain(reader: Reader, keys: list[str]) -> list[list[Certificate]]:
    """Those that are ordered for the names of domains, and those of their teams that were brought and cover one."""
    return await reader.engine.sessions.read(_certificates_of, reader.authority, keys)


def _certificates_of(session: Session, authority: Authority, keys: list[str]) -> list[list[Certificate]]:
    seen = select(Certificate).where(visible(Certificate, authority)).order_by(col(Certificate.id))
    query = (
        select(DomainName, Environment.team_id)
        .join(Domain, col(Domain.id) == col(DomainName.domain_id))
        .join(Application, col(Application.id) == col(Domain.application_id))
        .join(Environment, col(Environment.id) == col(Application.environment_id))
        .where(col(Domain.id).in_(keys), Domain.scheme == Scheme.HTTPS)
    )
    names = session.exec(query).all()
    hosts = {name.host for name, _ in names}
    ordered = session.exec(seen.where(col(Certificate.host).in_(hosts))).all() if hosts else []
    teams = {team_id for _, team_id in names}
    brought = seen.where(Certificate.source == CertificateSource.UPLOADED, col(Certificate.team_id).in_(teams))
    uploaded = session.exec(brought).all() if teams else []
    found: dict[str, dict[str, Certificate]] = {key: {} for key in keys}
    for name, team_id in names:
        mine = [row for row in ordered if (row.server_id, row.host) == (name.server_id, name.host)]
        mine += [row for row in uploaded if row.team_id == team_id and covers(row.names, name.host)]
        found[name.domain_id] |= {row.id: row for row in mine}
    return [list(found[key].values()) for key in keys]


def domains(session: Session, authority: Authority) -> list[Domain]:
    return list(
        session.exec(select(Domain).where(visible(Domain, authority)).order_by(Domain.host, Domain.path_prefix))
    )


def api_tokens(session: Session, authority: Authority) -> list[ApiToken]:
    query = select(ApiToken).where(col(ApiToken.revoked_at).is_(None), visible(ApiToken, authority))
    return list(session.exec(query.order_by(ApiToken.id)))


class Pages:
    """The rows of a noun in the order of their ids, page by page, all of them or those of one environment."""

    def __init__(self, table: type[Application]) -> None:
        self._table = table
        self._prepared = lru_cache(_PREPARED)(self._prepare)

    def stored(
        self, reader: Reader, columns: frozenset[str] | None, count: int, after: str, environment_id: str | None
    ) -> list[Stored]:
        """The first `count` past the id `after`, oldest first, as much of them as these columns; None: all."""
        sessions = reader.engine.sessions
        statement = self._prepared(columns, reader.authority, sessions.dialect, environment_id is not None)
        return sessions.rows_now(statement, count=count, after=after, environment_id=environment_id)

    def _prepare(
        self, names: frozenset[str] | None, authority: Authority, dialect: Dialect, of_one: bool
    ) -> Statement:
        columns, table = columns_of(self._table, None if names is None else names | {"id"}), cast(Any, self._table)
        query = selected(columns).where(col(table.id) > bindparam("after"), visible(table, authority))
        if of_one:
            query = query.where(col(table.environment_id) == bindparam("environment_id"))
        return Statement(query.order_by(col(table.id)).limit(bindparam("count")), columns, dialect)


applications = Pages(Application)


def databases(
    session: Session, authority: Authority, count: int, after: str, environment_id: str | None
) -> list[Database]:
    """The first `count` past the id `after`, oldest first."""
    query = select(Database).where(col(Database.id) > after, visible(Database, authority))
    if environment_id is not None:
        query = query.where(Database.environment_id == environment_id)
    return list(session.exec(query.order_by(Database.id).limit(count)))


def dumps(
    session: Session, authority: Authority, count: int, before: str | None, database_id: str | None
) -> list[DatabaseDump]:
    """The newest `count` made before the one with the id `before`, newest first."""
    query = select(DatabaseDump).where(visible(DatabaseDump, authority))
    if before is not None:
        query = query.where(col(DatabaseDump.id) < before)
    if database_id is not None:
        query = query.where(DatabaseDump.database_id == database_id)
    return list(session.exec(query.order_by(col(DatabaseDump.id).desc()).limit(count)))


def events(
    session: Session, authority: Authority, count: int, before: int | None, application_id: str | None
) -> list[Event]:
    """The newest `count` before the number `before`, newest first."""
    query = select(Event).where(visible_events(authority))
    if before is not None:
        query = query.where(col(Event.sequence) < before)
    if application_id is not None:
        query = query.where(Event.application_id == application_id)
    return list(session.exec(query.order_by(col(Event.sequence).desc()).limit(count)))


def events_of_deployment(session: Session, _authority: Authority, deployment_id: str, newest: int) -> tuple[int, int]:
    """The numbers of its first and its last event; both come after `newest` when the log has none."""
    query = select(func.min(Event.sequence), func.max(Event.sequence)).where(Event.deployment_id == deployment_id)
    first, last = session.exec(query).one()
    return (first, last) if first and last else (newest + 1, newest)


def removed_past(session: Session, authority: Authority, noun_id: str, after: int) -> bool:
    """Whether the log tells, past the number `after`, that an application or a database is gone."""
    query = select(Event.sequence).where(
        or_(Event.application_id == noun_id, Event.database_id == noun_id),
        Event.noun_id == noun_id,
        Event.kind == EventKind.REMOVED,
        col(Event.sequence) > after,
        visible_events(authority),
    )
    return session.exec(query).first() is not None
