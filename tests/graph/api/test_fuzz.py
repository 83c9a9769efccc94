"""Whatever is typed is kept as it is, or refused by the name of its field; nothing breaks, nobody else notices."""

import re
import sqlite3
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import aiohttp
import hypothesis
import pytest
from graphql import GraphQLField, GraphQLList, get_named_type, get_nullable_type, is_leaf_type
from hypothesis import HealthCheck, Phase, given, is_hypothesis_test, settings
from hypothesis import strategies as st

from db.sealed import sealed_columns
from engine.docker.connection import Connection, Payload, Request
from tests.graph.api.bad_values import LONG_LISTS, values_for
from tests.graph.api.conftest import Api, Json
from tests.graph.api.entries import assert_written_down, last_entry, with_canaries
from tests.graph.api.front import Front, opened
from tests.graph.api.fuzzed import INPUTS, MUTATIONS, UNREAD, World, told
from tests.graph.api.fuzzing import SCHEMA, Place, good, is_there, literal, put, walk
from wharf.app import create_app

pytestmark = pytest.mark.usefixtures("nothing_converges")

PLACES = {
    name: {place: get_named_type(inner).name for place, inner in walk(kind) if place} for name, kind in INPUTS.items()
}
TOGETHER = [
    tuple(MUTATIONS)[start : start + 4] for start in range(0, len(MUTATIONS), 4)
]  # in one world, which takes long to build
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
BESIDE = {
    ("port", "healthCheck"),
    ("removeVolumes", "confirmName"),
    ("removeVolume", "confirmName"),
    ("pathPrefix", "host"),
}

fuzzed = settings(
    database=None,
    max_examples=4,
    phases=(Phase.generate,),  # the values are small, or large on purpose: nothing to shrink
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
for_long = settings(fuzzed, max_examples=100)
_SEALED = re.compile(r"v\d+:([0-9a-f]{8}:)?[A-Za-z0-9+/]{38}")


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest, seed: int) -> None:
    """The same values in each run, until another seed is asked for."""
    if is_hypothesis_test(request.function):
        hypothesis.seed(seed)(request.function)


@pytest.fixture
async def front(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    _, token = await api.engine.tokens.create("fuzz")
    async with opened(create_app(api.engine, lambda _: None), token, str(tmp_path / "wharf.db")) as front:
        await front.data("{ version }")
        send = Connection._send

        async def noted(connection: Connection, request: Request, payload: Payload) -> aiohttp.ClientResponse:
            front.changes_of_docker.extend([request.doing] if request.method != "GET" else [])
            return await send(connection, request, payload)

        monkeypatch.setattr(Connection, "_send", noted)
        yield front


@pytest.fixture
async def world(api: Api, front: Front) -> World:
    import_module("engine.dns.lookup")  # by a thread, at the first question: no request computes that
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


def assert_named(errors: list[Json], place: Place) -> None:
    """Every error names its field, but for those of a request that could not be read."""
    for error in errors:
        assert error["code"] in UNREAD or is_named(error, place), error


async def test_a_good_input_is_accepted_given_back_and_written_down(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for mutation in MUTATIONS:
        if world.stopped is not mutation.startswith("start"):
            await world.build(stopped=not world.stopped)
        wanted = with_canaries(INPUTS[mutation], good(INPUTS[mutation], world.ids_for(mutation)))
        before = last_entry(world.front)
        assert await world.try_out(mutation, wanted, caplog, written=False) == []
        assert_written_down(world.front, "fuzz", mutation, wanted, before)
    marked = {(str(model.__tablename__), name) for model, name, _ in sealed_columns()}
    assert ciphertexts(world.front.database) == marked, "make it with db.models.columns.sealed_column"


def ciphertexts(database: sqlite3.Connection) -> set[tuple[str, str]]:
    """The columns in whose values there is, anywhere, what looks like a ciphertext."""
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = set()
    for table in tables:
        rows = database.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in rows.description]
        found |= {
            (table, name)
            for row in rows
            for name, value in zip(names, row, strict=True)
            if _SEALED.search(str(value))
        }
    return found


async def one_bad_value(mutation: str, data: st.DataObject, world: World, log: pytest.LogCaptureFixture) -> None:
    for place, type_name in PLACES[mutation].items():
        value, written = data.draw(values_for(type_name)), data.draw(st.booleans())
        wanted = put(good(INPUTS[mutation], world.ids_for(mutation)), place, value)
        assert_named(await world.try_out(mutation, wanted, log, written=written), place)


@pytest.mark.parametrize("some", TOGETHER, ids=["-".join(some) for some in TOGETHER])
@fuzzed
@given(data=st.data())
async def test_one_bad_value_is_named_and_changes_nothing(
    some: tuple[str, ...], data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for mutation in some:
        await one_bad_value(mutation, data, world, caplog)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("mutation", MUTATIONS)
@for_long
@given(data=st.data())
async def test_one_bad_value_is_named_and_changes_nothing_for_long(
    mutation: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await one_bad_value(mutation, data, world, caplog)


async def bad_values_everywhere(
    mutation: str, data: st.DataObject, world: World, log: pytest.LogCaptureFixture
) -> None:
    wanted = good(INPUTS[mutation], world.ids_for(mutation))
    for place, type_name in reversed(PLACES[mutation].items()):
        if data.draw(st.booleans()):
            wanted = put(wanted, place, data.draw(values_for(type_name)))
    await world.try_out(mutation, wanted, log, written=data.draw(st.booleans()))


@settings(fuzzed, max_examples=80)
@given(mutation=st.sampled_from(sorted(MUTATIONS)), data=st.data())
async def test_bad_values_everywhere_change_nothing(
    mutation: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await bad_values_everywhere(mutation, data, world, caplog)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@settings(for_long, max_examples=3000)
@given(mutation=st.sampled_from(sorted(MUTATIONS)), data=st.data())
async def test_bad_values_everywhere_change_nothing_for_long(
    mutation: str, data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await bad_values_everywhere(mutation, data, world, caplog)


@pytest.mark.parametrize(("mutation", "place"), LISTS, ids=[f"{name}.{place[-1]}" for name, place in LISTS])
async def test_a_long_list_is_kept_or_named(
    mutation: str, place: Place, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for value in LONG_LISTS:
        wanted = put(good(INPUTS[mutation], world.ids_for(mutation)), place, value)
        assert_named(await world.try_out(mutation, wanted, caplog, written=False), place)


async def whatever_is_asked(
    operation: tuple[str, str], data: st.DataObject, world: World, log: pytest.LogCaptureFixture
) -> None:
    kind, name = operation
    field: GraphQLField = getattr(SCHEMA, f"{kind}_type").fields[name]
    ids = {**world.ids, "id": world.ids["applicationId"]}
    args = {arg: argument.type for arg, argument in field.args.items()}
    wanted = {arg: good(kind, ids, arg) for arg, kind in args.items() if get_named_type(kind).name != "Cursor"}
    for arg in field.args:
        log.clear()
        place = data.draw(st.sampled_from([place for place, _ in walk(args[arg], (arg,))]))
        value, written = data.draw(values_for(get_named_type(args[arg]).name)), data.draw(st.booleans())
        asked = put(wanted | {arg: wanted.get(arg)}, place, value)
        text = asking(kind, name, field, asked if written else None)
        ask = world.front.first_message if kind == "subscription" else world.front.post
        errors = told(await ask(text, {} if written else asked), log, text, asked)
        for error in (error for error in errors if error["code"] not in UNREAD):
            assert is_named(error | {"field": ["", *error["field"]]}, place), error
            assert is_there(args[arg], asked[arg], error["field"][1:]), error


@settings(fuzzed, max_examples=100)
@given(operation=st.sampled_from(ASKED), data=st.data())
async def test_whatever_is_asked_for_is_answered(
    operation: tuple[str, str], data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await whatever_is_asked(operation, data, world, caplog)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@settings(for_long, max_examples=3000)
@given(operation=st.sampled_from(ASKED), data=st.data())
async def test_whatever_is_asked_for_is_answered_for_long(
    operation: tuple[str, str], data: st.DataObject, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await whatever_is_asked(operation, data, world, caplog)


def asking(kind: str, name: str, field: GraphQLField, written: Json | None) -> str:
    """The operation with this root field; its arguments are variables, or what is written in their place."""
    given = written if written is not None else dict.fromkeys(field.args)
    values = {arg: literal(field.args[arg].type, given[arg]) if written else f"${arg}" for arg in given}
    declared = ", ".join(f"${arg}: {argument.type}" for arg, argument in field.args.items())
    leaf = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    passed = ", ".join(f"{arg}: {value}" for arg, value in values.items())
    return f"{kind}{'' if written else f'({declared})'} {{ {name}({passed}) {leaf} }}"


@pytest.mark.parametrize("pages", ["deployments", "releases"])
@fuzzed
@given(first=values_for("Int"), after=values_for("Cursor"))
async def test_pages_of_an_application_are_asked_for_with_whatever(
    pages: str, first: object, after: object, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    inner = f"{pages}(first: $first, after: $after) {{ nodes {{ id }} }}"
    query = f"query($id: ID!, $first: Int! = 1, $after: Cursor) {{ application(id: $id) {{ {inner} }} }}"
    for given_here in ({"first": first}, {"after": after}, {"first": first, "after": after}):
        answer = await world.front.post(query, {"id": world.ids["applicationId"]} | given_here)
        errors = told(answer, caplog, query, given_here)
        assert all(error["code"] in UNREAD or error["field"][0] in given_here for error in errors), errors
