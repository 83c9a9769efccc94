"""However long a list is, it takes as many statements: nothing of what is in it is read entry by entry.

The lists are found by walking the schema. Of each entry everything is asked, and of whatever that leads to.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)

from engine.secrets import Cipher, Secret, SecretUnreadable
from graph import cost, documents, limits, root
from graph.context import Context
from graph.schema.messages import EVENT_TYPES
from tests.graph.api.conftest import Api
from tests.operations.multiplied import multiply
from tests.operations.planted import Planted, running
from tests.permissions.fields import SCHEMA, Reached, Step, arguments, reached

pytestmark = pytest.mark.usefixtures("nothing_converges")

_FEW, _MANY = 3, 30
_NUMBERS = re.compile(r"'[^']*'|\b\d+\b|(\?, )+")
_NO_QUERIES = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
# Some that the rows of one table each are in, to see that they were copied.
_GROW = {
    *("Query.teams", "Query.projects", "Query.applications", "Query.databases", "Query.tcpProxies", "Query.users"),
    *("Query.certificates", "Query.certificateResolvers", "Query.dumps", "Query.domains", "Query.apiTokens"),
    *("Environment.applications", "Environment.databases", "Application.domains", "Application.deployments"),
    *("Application.releases", "Application.variables", "Application.volumes", "Application.containers"),
}
_counted: ContextVar[Counter[str] | None] = ContextVar("_counted", default=None)


@pytest.mark.timeout(300)
async def test_a_list_takes_as_many_statements_however_long_it_is(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "MAX_COST", 10**9)
    monkeypatch.setattr(limits, "MAX_FIELDS", 10**6)
    monkeypatch.setattr(limits, "MAX_ALIASES", 10**6)
    monkeypatch.setattr(documents, "MAX_TOKENS", 10**6)
    monkeypatch.setattr(documents, "MAX_LENGTH", 10**6)
    # No two fields have one name here, and to compare a thousand with each other takes most of the time.
    rules = tuple(rule for rule in documents.RULES if rule is not OverlappingFieldsCanBeMergedRule)
    monkeypatch.setattr(documents, "RULES", rules)
    monkeypatch.setattr(Cipher, "decrypt", _decrypt)
    with _traced():
        few, lengths = await _read(planted, tmp_path / "few", _FEW)
        many, more_lengths = await _read(planted, tmp_path / "many", _MANY)
    grown = {name for name in more_lengths if more_lengths[name] > lengths[name]}
    assert grown >= _GROW
    # More events are of more kinds, of which each may lead to something else that is read once.
    kinds = {
        name: len(EVENT_TYPES) if name in ("Query.events", "EventConnection.nodes", "EventConnection.edges") else 0
        for name in grown
    }
    found = {name for name in grown if many[name].total() > few[name].total() + kinds[name]}
    assert found == set()


async def _read(planted: Planted, copy: Path, count: int) -> tuple[dict[str, Counter[str]], dict[str, int]]:
    async with running(planted.alone, copy) as api:
        with closing(sqlite3.connect(copy / "wharf.db")) as database:
            multiply(database, count)
        lists = _Lists(api, planted)
        return await lists.statements(), lists.lengths


class _Lists:
    """Every list of things that the schema has, in front of so many of everything."""

    def __init__(self, api: Api, planted: Planted) -> None:
        self._context = Context(planted.viewers["all"], api.engine, api.sockets, visit=api.visit)
        self._ids = planted.own
        self._beyond: set[str] = set()  # what only Docker could answer
        self.lengths: dict[str, int] = {}

    async def statements(self) -> dict[str, Counter[str]]:
        """What is read for each of them, with everything that there is to be asked of its entries."""
        found = {}
        for way in reached(self._ids).values():
            for name, field in way.kind.fields.items():
                named, given = get_named_type(field.type), arguments(way.kind.name, name, field, self._ids)
                is_page = "nodes" in getattr(named, "fields", {})
                if given is None or is_leaf_type(named) or not (is_page or _is_list(field.type)):
                    continue
                steps = (Step(f"{name}{given}", name), *((Step("nodes", "nodes"),) * is_page))
                kind = get_named_type(named.fields["nodes"].type) if is_page else named
                list_name = f"{way.kind.name}.{name}"
                found[list_name] = await self._read(list_name, Reached(kind, (*way.path, *steps)))
        return found

    async def _read(self, name: str, entries: Reached) -> Counter[str]:
        while True:
            token = _counted.set(counted := Counter[str]())
            text = entries.document(self._everything(entries.kind, 2))
            result = await root.schema.execute(text, context_value=self._context)
            _counted.reset(token)
            if not result.errors:
                break
            assert {(each.extensions or {})["code"] for each in result.errors} == {"ENGINE_UNREACHABLE"}, (
                result.errors
            )
            beyond = {str(each.path[-1]) for each in result.errors if each.path}
            if beyond & {step.key for step in entries.path}:
                return Counter()
            self._beyond |= beyond
        self.lengths[name] = len(entries.answers(result.data))
        return counted

    def _everything(self, kind: Any, depth: int) -> str:
        if is_abstract_type(kind):
            parts = (
                f"... on {each.name} {{ {self._everything(each, depth)} }}"
                for each in SCHEMA.get_possible_types(kind)
            )
            return f"__typename {' '.join(parts)}"
        return " ".join(("__typename", *self._fields(kind, depth)))

    def _fields(self, kind: GraphQLObjectType, depth: int) -> Iterator[str]:
        for name, field in kind.fields.items():
            given, alias, named = (
                arguments(kind.name, name, field, self._ids),
                f"{kind.name}_{name}",
                get_named_type(field.type),
            )
            if given is None or alias in self._beyond:
                continue
            if is_leaf_type(named):
                yield f"{alias}: {name}{given}"
            elif depth:
                yield f"{alias}: {name}{given} {{ {self._everything(named, depth - 1)} }}"


_decrypted = Cipher.decrypt


def _decrypt(cipher: Cipher, token: str, place: str) -> Secret:
    """What a copied row has encrypted can be read at the place of the first one only."""
    try:
        return _decrypted(cipher, token, place)
    except SecretUnreadable:
        return Secret("text")


def _is_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(kind))


@contextmanager
def _traced() -> Iterator[None]:
    def trace(connection: Any, _record: object) -> None:
        connection.set_trace_callback(_count)

    sqlalchemy.event.listen(sqlalchemy.Pool, "connect", trace)
    yield
    sqlalchemy.event.remove(sqlalchemy.Pool, "connect", trace)


def _count(statement: str) -> None:
    if (counted := _counted.get()) is not None and not statement.startswith(_NO_QUERIES):
        counted[_NUMBERS.sub("?", statement)] += 1
