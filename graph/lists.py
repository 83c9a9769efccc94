"""What the schema reads at its root: lists of all that the viewer may see of a noun, and of events."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

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
    Event,
    Project,
    Server,
    TcpProxy,
    Team,
    User,
)
from db.stored import Statement, Stored, columns_of, selected
from engine.accounts.authority import Authority
from engine.accounts.visible import visible, visible_events
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


class Log:
    """The events, newest first, page by page: all of them, or those of one application."""

    def __init__(self) -> None:
        self._prepared = lru_cache(PREPARED)(self._prepare)

    def stored(self, reader: Reader, count: int, before: int | None, application_id: str | None) -> list[Event]:
        """The newest `count` before the number `before`. They can be read as events, and are no models."""
        sessions = reader.engine.sessions
        statement = self._prepared(reader.authority, sessions.dialect, before is not None, application_id is not None)
        return cast(
            list[Event], sessions.rows_now(statement, count=count, before=before, application_id=application_id)
        )

    def _prepare(self, authority: Authority, dialect: Dialect, goes_on: bool, of_one: bool) -> Statement:
        columns, number = columns_of(Event, None), col(Event.sequence)
        query = selected(columns).where(visible_events(authority))
        if goes_on:
            query = query.where(number < bindparam("before"))
        if of_one:
            query = query.where(col(Event.application_id) == bindparam("application_id"))
        return Statement(query.order_by(number.desc()).limit(bindparam("count")), columns, dialect)


events = Log()
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
