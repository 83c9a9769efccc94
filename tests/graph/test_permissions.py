import ast
from pathlib import Path

import pytest
import strawberry
from strawberry.types.execution import PreExecutionError

from engine.accounts.authority import NOTHING
from graph import permissions
from graph.build import build_schema
from graph.ids import global_id
from graph.permissions import Action, Needs, Noun, Viewer, unguarded
from tests.graph.asking import context, data, errors
from tests.graph.small import KEYS, SCHEMA, SETUP

NOBODY = Viewer("nobody", NOTHING, token_id="token-3")


@pytest.mark.parametrize(
    "operation", ["{ viewer }", "mutation { revokeOwnToken { errors { code } } }", "{ application(id: 1) { id } }"]
)
@pytest.mark.parametrize(("viewer", "code"), [(None, "UNAUTHENTICATED"), (SETUP, "FORBIDDEN"), (NOBODY, "FORBIDDEN")])
async def test_a_field_is_refused_before_it_resolves(operation: str, viewer: Viewer | None, code: str) -> None:
    (error,) = await errors(operation, viewer=viewer)
    assert error["extensions"] == {"code": code}


async def test_the_refusal_says_what_is_missing() -> None:
    (error,) = await errors("{ viewer }", viewer=SETUP)
    assert error["message"] == "You may not do this. It needs: read Application."


@pytest.mark.parametrize(("viewer", "code"), [(None, "UNAUTHENTICATED"), (SETUP, "FORBIDDEN")])
async def test_a_subscription_is_refused_before_it_starts(viewer: Viewer | None, code: str) -> None:
    results = await SCHEMA.stream("subscription { count(to: 1) }", context_value=context(viewer))
    (result,) = [result async for result in results]
    assert isinstance(result, PreExecutionError)
    assert [error.extensions for error in result.errors or ()] == [{"code": code}]


async def test_a_node_of_a_noun_one_may_not_read_looks_like_none() -> None:
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    known = global_id("Application", KEYS[0])
    assert await data(query, id=known) == {"node": {"__typename": "Application", "id": known}}
    for unknown in ("", "garbage", global_id("Unicorn", KEYS[0])):
        assert await data(query, id=unknown) == {"node": None}
    for viewer in (None, SETUP, NOBODY):
        assert await errors(query, viewer=viewer, id=known) == []


def test_permissions_leave_no_directives_in_the_schema() -> None:
    assert "@" not in SCHEMA.as_str()


def test_root_fields_that_nobody_guards_are_named() -> None:
    @strawberry.type
    class Query:
        open_door: int

        @strawberry.field(extensions=[Needs(Action.READ, Noun.PROJECT)])
        def guarded(self) -> int:
            return 1

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def do_it(self) -> int:
            return 1

    assert unguarded(build_schema(Query, Mutation)) == ["Mutation.doIt", "Query.openDoor"]
    assert unguarded(SCHEMA) == []


def test_there_is_one_way_to_the_rows() -> None:
    """Which asks what the viewer may see. Whoever goes past it looks up places only, or what is the viewer's own."""
    folder = Path(permissions.__file__).parent
    past = {
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("engine.sessions")
    }
    ways = {"context.py", "lists.py", "loaders.py", "loading.py", "permissions.py", "subjects.py"}
    lookups_of_places = {"resolvers/tokens.py", "resolvers/viewers.py"}
    plans_of_what_needs_has_let_pass = {"resolvers/deployments.py"}
    waits_for_whoever_writes = {"broadcasts.py"}
    assert past == ways | lookups_of_places | plans_of_what_needs_has_let_pass | waits_for_whoever_writes
