"""What the schema reads at its root: lists of all that the viewer may see of a noun."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.engine import Dialect
from sqlmodel import col

from db.models import (
    ApiToken,
    Application,
    Certificate,
    CertificateResolver,
    Database,
    DatabaseDump,
    Domain,
    Project,
    Server,
    TcpProxy,
    Team,
    User,
)
from db.stored import Statement, Stored, columns_of, selected
from engine.accounts.authority import Authority
from engine.accounts.visible import visible
from graph.context import Reader
from graph.loading import PREPARED


class Listing:
    """All rows of a noun, in this order."""

    def __init__(self, table: type[Any], *order: Any, where: Sequence[Any] = ()) -> None:
        self._table: Any = table
        self._order, self._where = order, where
        self._prepared = lru_cache(PREPARED)(self._prepare)

    def stored(self, reader: Reader, columns: frozenset[str] | None) -> list[Stored]:
        """As much of them as these columns; None: all."""
        sessions = reader.engine.sessions
        return sessions.rows_now(self._prepared(columns, reader.authority, sessions.dialect))

    def _prepare(self, names: frozenset[str] | None, authority: Authority, dialect: Dialect) -> Statement:
        columns = columns_of(self._table, None if names is None else names | {"id"})
        query = selected(columns).where(visible(self._table, authority), *self._where)
        return Statement(query.order_by(*self._order), columns, dialect)


class Pages:
    """The rows of a noun in the order of their ids, page by page: all of them, or those of one `owner`."""

    def __init__(self, table: type[Any], owner: str, *, newest_first: bool = False) -> None:
        self._table: Any = table
        self._owner, self._newest_first = owner, newest_first
        self._prepared = lru_cache(PREPARED)(self._prepare)

    def stored(
        self, reader: Reader, columns: frozenset[str] | None, count: int, after: str | None, owner_id: str | None
    ) -> list[Stored]:
        """The first `count` past the id `after`, as much of them as these columns; None: all."""
        sessions = reader.engine.sessions
        statement = self._prepared(
            columns, reader.authority, sessions.dialect, after is not None, owner_id is not None
        )
        return sessions.rows_now(statement, count=count, after=after, owner_id=owner_id)

    def _prepare(
        self, names: frozenset[str] | None, authority: Authority, dialect: Dialect, goes_on: bool, of_one: bool
    ) -> Statement:
        columns, key = columns_of(self._table, None if names is None else names | {"id"}), col(self._table.id)
        query = selected(columns).where(visible(self._table, authority))
        if goes_on:
            query = query.where(key < bindparam("after") if self._newest_first else key > bindparam("after"))
        if of_one:
            query = query.where(getattr(self._table, self._owner) == bindparam("owner_id"))
        query = query.order_by(key.desc() if self._newest_first else key).limit(bindparam("count"))
        return Statement(query, columns, dialect)


applications = Pages(Application, "environment_id")
databases = Pages(Database, "environment_id")
dumps = Pages(DatabaseDump, "database_id", newest_first=True)

projects = Listing(Project, Project.name)
teams = Listing(Team, Team.name)
users = Listing(User, User.email)
servers = Listing(Server, Server.name)
tcp_proxies = Listing(TcpProxy, TcpProxy.bind_address, TcpProxy.port)
certificates = Listing(Certificate, Certificate.id)
certificate_resolvers = Listing(CertificateResolver, CertificateResolver.name)
domains = Listing(Domain, Domain.host, Domain.path_prefix)
api_tokens = Listing(ApiToken, ApiToken.id, where=(col(ApiToken.revoked_at).is_(None),))
