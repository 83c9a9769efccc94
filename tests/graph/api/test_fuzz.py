"""Whatever is typed is kept as it is, or refused by the name of its field; nothing breaks, nobody else notices."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from graphql import GraphQLField, GraphQLList, get_named_type, get_nullable_type, is_leaf_type
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.engine import Engine
from tests.graph.api.bad_values import LONG_LISTS, values_for
from tests.graph.api.conftest import Api, Json
from tests.graph.api.front import Front, opened
from tests.graph.api.fuzzed import INPUTS, MUTATIONS, World, assert_no_bug, flattened
from tests.graph.api.fuzzing import SCHEMA, Place, good, may_be_unreadable, put, walk
from wharf.app import create_app

PLACES = {
    name: {place: get_named_type(inner).name for place, inner in walk(kind) if place} for name, kind in INPUTS.items()
}
LISTS = [
    (name, place)
    for name, kind in INPUTS.items()
    for place, inner in walk(kind)
    if isinstance(get_nullable_type(inner), GraphQLList)
]
ASKED = [
    (kind, name)
    for kind, fields in (("query", SCHEMA.query_type), ("subscription", SCHEMA.subscription_type))
    if fields
    for name, field in fields.fields.items()
    if field.args
]
# A value may be wrong only beside that of another field, which is then named.
BESIDE = {("port", "healthCheck"), ("removeVolumes", "confirmName"), ("pathPrefix", "host")}

fuzzed = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=8,
    phases=(Phase.generate,),  # the values are small, or large on purpose: nothing to shrink
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def nothing_converges(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for stays asked for: only requests change anything."""

    async def converge(_engine: Engine, _application_id: str) -> None:
        pass

    monkeypatch.setattr(Engine, "_converge", converge)


@pytest.fixture
async def front(api: Api, tmp_path: Path) -> AsyncIterator[Front]:
    _, token = await api.engine.access.create_token("fuzz")
    async with opened(create_app(api.engine, lambda _: None), token, str(tmp_path / "wharf.db")) as front:
        await front.data("{ version }")
        yield front


@pytest.fixture
async def world(api: Api, front: Front) -> World:
    world = World(api, front)
    await world.build()  # the neighbour
    await world.build()
    return world


def is_named(error: Json, place: tuple[str | int, ...]) -> bool:
    """Whether the error points at the place, at what holds it, or at what is in it."""
    named, wanted = list(error.get("field") or ())[1:], [str(step) for step in place]
    length = min(len(named), len(wanted))
    beside = bool(named) and (wanted[0], named[0]) in BESIDE
    return length > 0 and (named[:length] == wanted[:length] or beside)


def assert_named(errors: list[Json], place: Place, *, unread: bool) -> None:
    """Every error names its field; `unread` is a request that may be refused before it comes to fields."""
    for error in errors:
        about_the_request = unread and "field" not in error and "path" not in error
        enough = error["message"].startswith("Too many errors") and len(errors) > 1
        assert is_named(error, place) or about_the_request or enough, error


async def test_a_good_input_is_accepted_and_given_back(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for mutation in MUTATIONS:
        await world.build(stopped=mutation == "startApplication")
        wanted = good(INPUTS[mutation], world.ids)
        assert await world.try_out(mutation, wanted, caplog, written=False) == []


@pytest.mark.parametrize("mutation", MUTATIONS)
@fuzzed
@given(data=st.data())
async def test_one_bad_value_is_named_and_changes_nothing(
    mutation: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for field in INPUTS[mutation].fields:
        place = data.draw(st.sampled_from([place for place in PLACES[mutation] if place[0] == field]))
        value, written = data.draw(values_for(PLACES[mutation][place])), data.draw(st.booleans())
        wanted = put(good(INPUTS[mutation], world.ids), place, value)
        errors = await world.try_out(mutation, wanted, caplog, written=written)
        assert_named(errors, place, unread=written or may_be_unreadable(value))


@settings(fuzzed, max_examples=120)
@given(mutation=st.sampled_from(sorted(MUTATIONS)), data=st.data())
async def test_bad_values_everywhere_change_nothing(
    mutation: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = good(INPUTS[mutation], world.ids)
    for place, type_name in reversed(PLACES[mutation].items()):
        if data.draw(st.booleans()):
            wanted = put(wanted, place, data.draw(values_for(type_name)))
    await world.try_out(mutation, wanted, caplog, written=data.draw(st.booleans()))


@pytest.mark.parametrize(("mutation", "place"), LISTS, ids=[f"{name}.{place[-1]}" for name, place in LISTS])
async def test_a_long_list_is_kept_or_named(
    mutation: str, place: Place, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for value in LONG_LISTS:
        wanted = put(good(INPUTS[mutation], world.ids), place, value)
        errors = await world.try_out(mutation, wanted, caplog, written=False)
        assert_named(errors, place, unread=may_be_unreadable(value))


@settings(fuzzed, max_examples=120)
@given(operation=st.sampled_from(ASKED), data=st.data())
async def test_whatever_is_asked_for_is_answered(
    operation: tuple[str, str], data: st.DataObject, world: World, front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    kind, name = operation
    field: GraphQLField = getattr(SCHEMA, f"{kind}_type").fields[name]
    ids = {**world.ids, "id": world.ids["applicationId"]}
    args = {arg: argument.type for arg, argument in field.args.items()}
    wanted = {arg: good(kind, ids, arg) for arg, kind in args.items() if get_named_type(kind).name != "Cursor"}
    for arg in field.args:
        caplog.clear()
        value = data.draw(values_for(get_named_type(args[arg]).name))
        errors = await asked(front, kind, name, field, wanted | {arg: value})
        assert_no_bug(caplog, errors)
        errors = [error | {"field": ["", *error.get("field", ())]} for error in errors if not is_of_docker(error)]
        assert all(is_named(error, (arg,)) or may_be_unreadable(value) for error in errors), errors


def is_of_docker(error: Json) -> bool:
    return error.get("code") == "ENGINE_UNREACHABLE"


async def asked(front: Front, kind: str, name: str, field: GraphQLField, wanted: Json) -> list[Json]:
    declared = ", ".join(f"${arg}: {argument.type}" for arg, argument in field.args.items())
    passed = ", ".join(f"{arg}: ${arg}" for arg in field.args)
    leaf = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    text = f"{kind}({declared}) {{ {name}({passed}) {leaf} }}"
    if kind == "subscription":
        return flattened(await front.first_errors(text, wanted))
    answer = await front.post(text, wanted)
    assert answer.status_code < 500
    return flattened(answer.json().get("errors", ()))


@pytest.mark.parametrize("pages", ["deployments", "releases"])
@fuzzed
@given(first=values_for("Int"), after=values_for("Cursor"))
async def test_pages_of_an_application_are_asked_for_with_whatever(
    pages: str, first: object, after: object, world: World, front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    inner = f"{pages}(first: $first, after: $after) {{ nodes {{ id }} }}"
    query = f"query($id: ID!, $first: Int! = 1, $after: Cursor) {{ application(id: $id) {{ {inner} }} }}"
    for given_here in ({"first": first}, {"after": after}, {"first": first, "after": after}):
        answer = await front.post(query, {"id": world.ids["applicationId"]} | given_here)
        assert answer.status_code < 500
        assert_no_bug(caplog, flattened(answer.json().get("errors", ())))
