"""Asking for every field as somebody, with nothing changed by it."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type

from db.sessions import Sessions
from engine.accounts.acting import acting_now
from engine.accounts.viewer import Viewer
from engine.errors import NotNow
from graph import root
from graph.context import Context
from graph.ids import event_cursor, page_cursor
from tests.graph.api.conftest import Api, Json
from tests.graph.api.fuzzing import good
from tests.permissions.fields import SCHEMA, Reached, arguments, is_seen, reached, selection

_PATIENCE = 0.3  # seconds, for a stream that has nothing to tell yet
_REFUSALS = {"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"}
_INPUTS = {
    "UserSession": "sessionId",
    "DatabaseDump": "dumpId",
    "DatabaseLink": "linkId",
    "ApiToken": "tokenId",
    "CertificateResolver": "resolverId",
}
_BEYOND: Json = {}  # the answer to what Docker was asked about, once it was allowed


class Asking:
    """As one principal, in front of what there is."""

    def __init__(self, api: Api, viewer: Viewer, ids: Mapping[str, str]) -> None:
        self._api = api
        self._viewer = viewer
        self._ids = ids
        self._ways = reached(ids)

    @property
    def _context(self) -> Context:
        return Context(self._viewer, self._api.engine, self._api.sockets, visit=self._api.visit)

    async def seen(self) -> set[str]:
        """The fields of queries in which there is something to see."""
        found: set[str] = set()
        for way in self._ways.values():
            leaves, links = _parted(way.kind.fields.items())
            asked = [each for name, field in leaves if (each := selection(way, name, field, self._ids))]
            data = await self._data(way.document(" ".join(asked) or "__typename"))
            things = way.answers(data) if data else []
            found |= {
                f"{way.kind.name}.{name}" for name, _ in leaves if any(is_seen(each.get(name)) for each in things)
            }
            for name, field in links:
                text = selection(way, name, field, self._ids)
                data = await self._data(way.document(text)) if text else None
                things = way.answers(data) if data else []
                if data is _BEYOND or any(is_seen(each.get(name)) for each in things):
                    found.add(f"{way.kind.name}.{name}")
        return found

    async def done(self, monkeypatch: pytest.MonkeyPatch) -> set[str]:
        """The mutations that are not refused to this principal: nothing of them is written."""
        assert SCHEMA.mutation_type
        allowed, ids = set(), dict(by_input(self._ids))
        with monkeypatch.context() as patch:
            patch.setattr(Sessions, "write", _would_write)
            for name, field in SCHEMA.mutation_type.fields.items():
                kind = field.args["input"].type
                text = f"mutation($input: {kind}) {{ it: {name}(input: $input) {{ errors {{ code message }} }} }}"
                result = await root.schema.execute(
                    text, variable_values={"input": good(kind, ids)}, context_value=self._context
                )
                if not _REFUSALS & set(_codes(result)):
                    allowed.add(f"Mutation.{name}")
        return allowed

    async def watched(self) -> set[str]:
        """The subscriptions that tell this principal something, or are about to."""
        assert SCHEMA.subscription_type
        allowed = set()
        for name, field in SCHEMA.subscription_type.fields.items():
            if await self._tells(name, field):
                allowed.add(f"Subscription.{name}")
        return allowed

    async def _tells(self, name: str, field: GraphQLField) -> bool:
        given = arguments("Subscription", name, field, self._ids) or ""
        if "after" in field.args and get_named_type(field.args["after"].type).name == "Cursor":
            start = page_cursor("audit", "0") if name == "auditEvents" else event_cursor(0)
            given = f'{given[:-1] + ", " if given else "("}after: "{start}")'
        document = f"subscription {{ {name}{given} {{ __typename }} }}"
        stream: Any = await root.schema.stream(document, context_value=self._context)
        async with aclosing(stream):
            try:
                result = await asyncio.wait_for(anext(stream), _PATIENCE)
            except TimeoutError:  # of events, there would be some to tell
                return "after: " not in given
            except StopAsyncIteration:
                return True
        return not _REFUSALS & set(_codes(result))

    async def _data(self, document: str) -> Json | None:
        result = await root.schema.execute(document, context_value=self._context)
        codes = set(_codes(result))
        assert codes <= {*_REFUSALS, "ENGINE_UNREACHABLE"}, (document, result.errors)
        return _BEYOND if "ENGINE_UNREACHABLE" in codes else result.data


def by_input(ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The ids by the names of the input fields that want them."""
    for kind, key in ids.items():
        yield _INPUTS.get(kind, f"{kind[0].lower()}{kind[1:]}Id"), key
    yield "within", ids["Environment"]
    yield "projectIds", ids["Project"]


def _parted(
    fields: Any,
) -> tuple[list[tuple[str, GraphQLField]], list[tuple[str, GraphQLField]]]:
    """Those that are values, and those that lead to other things."""
    leaves = [(name, field) for name, field in fields if is_leaf_type(get_named_type(field.type))]
    return leaves, [(name, field) for name, field in fields if (name, field) not in leaves]


def _codes(result: Any) -> Iterator[str]:
    for error in result.errors or ():
        yield (error.extensions or {}).get("code", "INTERNAL")
    payload = (result.data or {}).get("it") if isinstance(result.data, dict) else None
    for error in (payload or {}).get("errors", ()):
        yield error["code"]


_write = Sessions.write


async def _would_write(sessions: Sessions, *args: Any, **kwargs: Any) -> Any:
    """What a mutation writes, it does not; the engine's own work goes on."""
    if acting_now():
        raise NotNow("This would be written.")
    return await _write(sessions, *args, **kwargs)


def every_field(ways: Mapping[str, Reached]) -> set[str]:
    """All fields that anybody could ask for."""
    roots = {
        f"{kind.name}.{name}"
        for kind in (SCHEMA.mutation_type, SCHEMA.subscription_type)
        if isinstance(kind, GraphQLObjectType)
        for name in kind.fields
    }
    return roots | {f"{way.kind.name}.{name}" for way in ways.values() for name in way.kind.fields}
