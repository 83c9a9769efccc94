"""What is executed by columns is answered as graphql-core answers it, whatever goes wrong."""

import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from graph.compiled import plainly
from graph.compiled.executor import _KNOWN
from tests.graph.compiled.everything import SCHEMA, Seen

LEAVES = "__typename name count ratio id flag colour even maybe maybeEven words grid"

RIGHT = [
    f'{{ things(names: ["a", "tuple", "green"]) {{ {LEAVES} }} }}',
    '{ things(names: []) { name } none: things(names: []) { friend { name } } }',
    '{ things(names: ["text"]) { count } }',
    '{ maybeThings(names: ["a", "nobody", "b"]) { name inner { name } } }',
    '{ maybeThings(names: ["nobody"]) { name } thing(name: "nobody") { name } }',
    '{ things(names: ["deep", "a"]) { name inner { name inner { x: name name } } } }',
    '{ things(names: ["sure"]) { sure { name sure: count } } }',
    '{ a: thing { name } b: thing(name: "two") { name name } __typename }',
    '{ thing { inner { name } ...Rest } thing { id } } fragment Rest on Thing { count again: count inner { id } }',
    '{ things(names: ["one of"]) { named { __typename name ... on Other { size } } either { ... on Thing { id }}}}',
    '{ named(names: ["a", "o", "b", "oo"]) { name __typename ... on Other { size } ... on Thing { count } } }',
    '{ named(names: ["a", "o"]) { ... on Thing { shout echo friend { name } } ... on Named { name } } }',
    '{ either(names: ["a", "o"]) { ... on Other { size } ... on Thing { children { name } } } }',
    '{ things(names: ["a", "b"]) { shout twice: shout(times: 2) echo } }',
    '{ things(names: ["a", "b"]) { children(first: 1) { name friend { name } children { shout } } } }',
    '{ things(names: ["ab", "cd", "ab", "hermit"]) { friend { name } lateFriend { name friend { name } } } }',
    '{ things(names: ["ab"]) { lateFriend { lateFriend { echo } } friend { children { lateFriend { name } } } } }',
    '{ page { rows { low double anything something } } }',
    '{ __schema { queryType { name } } __type(name: "Thing") { name fields { name } } thing { name } }',
    'mutation { do(name: "a") { name friend { name } } }',
    'mutation { a: do(name: "a") { name friend { name } } b: do(name: "b") { name } }',
]  # fmt: skip

WRONG = [
    '{ things(names: ["a", "odd", "b", "zero"]) { even } }',
    '{ things(names: ["a", "maybe odd"]) { maybeEven name } }',
    '{ maybeThings(names: ["a", "odd", "b", "zero"]) { even } }',
    '{ maybeThings(names: ["large", "wrong", "raised", "a"]) { name count maybe colour } }',
    '{ maybeThings(names: ["hole", "nothing", "a"]) { words } }',
    '{ maybeThings(names: ["unsure", "a"]) { inner { sure { name } } sure { name } } }',
    '{ maybeThings(names: ["foreign", "a"]) { named { name } either { __typename } name } }',
    '{ maybeThings(names: ["mute", "enemy", "a"]) { echo friend { name } shout(times: -1) } }',
    '{ maybeThings(names: ["hermit", "enemy", "a"]) { sureFriend { name } lateFriend { name } } }',
    '{ a: maybeThings(names: ["odd", "mute"]) { echo even } broken }',
    '{ broken thing(name: "mute") { echo } b: broken }',
    '{ thing(name: "wrong") { maybe count } other: thing(name: "odd") { maybe even } }',
    '{ named(names: ["odd", "o", "mute"]) { ... on Thing { even echo } name } }',
    '{ things(names: ["deep"]) { inner { inner { echo } } children { shout(times: -1) } } }',
    'mutation { a: do(name: "odd") { even } b: do(name: "fail") { name } c: must(name: "zero") { even } }',
    'mutation { do(name: "mute") { echo friend { name } } }',
    'mutation { a: must(name: "odd") { even } b: must(name: "never") { name } }',
]  # fmt: skip


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL, "strawberry.execution"):
        yield


async def executed(document: str, **variables: Any) -> tuple[Any, list[Any], Seen]:
    seen = Seen()
    result = await SCHEMA.execute(document, variables, context_value=seen)
    return result.data, [error.formatted for error in result.errors or ()], seen


@pytest.mark.parametrize("document", RIGHT)
async def test_what_is_right_is_answered_at_once_and_in_the_same_order(document: str) -> None:
    for _ in range(2):  # compiled, and known
        data, errors, seen = await executed(document)
        with plainly():
            plain, none, _ = await executed(document)
        assert errors == none == []
        assert seen.void == []
        assert repr(data) == repr(plain)


@pytest.mark.parametrize("document", WRONG)
async def test_what_is_wrong_is_told_as_graphql_core_tells_it(document: str) -> None:
    for _ in range(2):
        data, errors, seen = await executed(document)
        with plainly():
            plain, told, done = await executed(document)
        assert errors == told != []
        assert repr(data) == repr(plain)
        assert seen.done == done.done  # nothing twice


@pytest.mark.parametrize("name", ["later", "set", "stranger"])
async def test_what_is_right_in_a_way_that_is_not_known_is_answered_too(name: str) -> None:
    document = "query ($name: String!) { thing(name: $name) { name maybe words inner { name } } }"
    data, errors, seen = await executed(document, name=name)
    with plainly():
        assert (await executed(document, name=name))[:2] == (data, errors)
    assert errors == []
    assert len(seen.void) == 1
    assert seen.done == [name]


async def test_what_can_be_read_once_is_left_to_graphql_core() -> None:
    assert (await executed("{ numbers }"))[:2] == ({"numbers": [0, 1, 2]}, [])


async def test_variables_decide_what_is_left_out() -> None:
    document = """query ($a: Boolean!, $b: Boolean! = false, $names: [String!]!) {
        things(names: $names) { name @skip(if: $a) count @include(if: $b) ... on Thing @skip(if: $a) { id } }
    }"""
    for values in ({"a": False}, {"a": True}, {"a": False, "b": True}, {"a": True, "b": True}) * 2:
        data, errors, seen = await executed(document, names=["x"], **values)
        with plainly():
            assert (await executed(document, names=["x"], **values))[:2] == (data, errors)
        assert seen.void == []


async def test_a_plan_serves_other_values_of_other_variables() -> None:
    document = "query ($name: String!, $times: Int) { thing(name: $name) { shout(times: $times) } }"
    assert (await executed(document, name="a", times=2))[0] == {"thing": {"shout": "AA"}}
    assert (await executed(document, name="b", times=1))[0] == {"thing": {"shout": "B"}}


async def test_each_event_of_a_subscription_is_executed_anew() -> None:
    document = 'subscription { told(names: ["ab", "odd", "mute", "cd"]) { name even echo friend { name } } }'
    assert await told(document) == await told(document, plain=True)


async def told(document: str, *, plain: bool = False) -> list[Any]:
    if plain:
        with plainly():
            return await told(document)
    stream = await SCHEMA.subscribe(document, context_value=Seen())
    return [(each.data, [error.formatted for error in each.errors or ()]) async for each in stream]


async def test_a_plan_is_forgotten_with_its_operation() -> None:
    gc.collect()
    before = len(_KNOWN)
    await executed("{ thing { name } }")
    gc.collect()
    assert len(_KNOWN) == before
