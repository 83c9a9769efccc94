"""What an operation costs, and that it is known without reading the operation again."""

import pytest
from graphql import GraphQLSchema, build_schema

from graph import cost, root
from graph.cost import ENTRIES, MAX_COST, Structure
from graph.documents import Documents
from tests.graph.asking import ask, data, errors
from tests.graph.everything import queries

SCHEMA = build_schema("""
    interface Event { at: Int }
    type Deployed implements Event { at: Int app: App }
    type Removed implements Event { at: Int name: String }
    type PageInfo { more: Boolean }
    type Apps { nodes: [App!]! edges: [AppEdge!]! pageInfo: PageInfo! }
    type AppEdge { node: App! }
    type App { name: String tags: [String!]! parts: [App] all(first: Int! = 10): Apps owner: App }
    type Query { app: App apps(first: Int = 50): Apps list: [[App!]!] events(first: Int!): [Event!]! }
""")


def structure(query: str, schema: GraphQLSchema = SCHEMA) -> Structure:
    document = Documents().read(query)
    assert document.validated(schema) == []
    found = document.structure(schema, None)
    assert found
    return found


PAGES = "query($n: Int, $m: Int! = 4) { apps(first: $n) { nodes { all(first: $m) { nodes { name } } } } }"


@pytest.mark.parametrize(
    ("query", "values", "costs"),
    [
        ("{ __typename }", {}, 1),
        ("{ app { name tags } }", {}, 3),
        ("{ app { parts { name tags } } }", {}, 2 + 20 * 2),
        ("{ list { name } }", {}, 1 + 20),
        ("{ apps { nodes { name } pageInfo { more } } }", {}, 1 + 50 * (1 + 1 + 1 + 1)),
        ("{ apps(first: 3) { edges { node { name } } } }", {}, 1 + 3 * 3),
        ("{ apps(first: 3) { nodes { all(first: 5) { nodes { name } } } } }", {}, 1 + 3 * (1 + 1 + 5 * 2)),
        (PAGES, {}, 1 + 50 * (1 + 1 + 4 * 2)),
        (PAGES, {"n": 2, "m": 3}, 1 + 2 * (1 + 1 + 3 * 2)),
        (PAGES, {"n": 1000, "m": -3}, 1 + 100 * (1 + 1 + 1 * 2)),
        (PAGES, {"n": None, "m": "3"}, 1 + 50 * (1 + 1 + 4 * 2)),
        ("{ app { ...A ...A } } fragment A on App { parts { name } }", {}, 1 + 2 * (1 + 20)),
        ("{ app { ... { name } ... on App { name } } }", {}, 3),
        (
            "{ events(first: 9) { at ...D ... on Removed { name } ... on Deployed { at } } }"
            "fragment D on Deployed { app { name } }",
            {},
            1 + 9 * (1 + 3),
        ),
        ("{ app { name } __schema { types { name } } }", {}, 2 + 20_000),
    ],
)
def test_a_field_costs_1_and_what_is_below_a_list_as_often_as_it_has_entries(
    query: str, values: dict[str, object], costs: int
) -> None:
    assert structure(query).cost(values) == costs


def test_fragments_of_fragments_are_added_up_once() -> None:
    doubling = "".join(f"fragment F{n} on App {{ parts {{ ...F{n + 1} }} }}" for n in range(12))
    text = "query($n: Int) { app { ...F0 } apps(first: $n) { nodes { name } } }" + doubling
    assert structure(text + "fragment F12 on App { name }").cost({"n": 1}) == cost._ENDLESS


def test_the_refusal_says_what_costs_most() -> None:
    found = structure(
        "query($n: Int!) { app { name } a: apps(first: $n) { nodes { name all(first: $n) { nodes { x: owner {"
        " parts { name } } } } } } }"
    )
    assert found.refusal({"n": 1}) is None
    assert found.refusal({"n": 100}) == (
        "The operation costs 230,303; 50,000 are allowed. Most of it, 210,000, is a.nodes.all.nodes.x.parts. "
        "Ask for smaller pages or fewer fields."
    )


def test_only_what_variables_decide_is_added_up_again() -> None:
    documents = Documents()
    for query, varies in ((PAGES, True), ("{ apps { nodes { name } } }", False)):
        document = documents.read(query)
        document.validated(SCHEMA)
        first = document.structure(SCHEMA, None)
        assert first
        assert first is documents.read(query).structure(SCHEMA, None)
        assert first.varies is varies


async def test_what_costs_too_much_is_refused_before_it_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "MAX_COST", 10)
    query = "query($n: Int = 2) { applications(first: $n) { nodes { id host } } }"
    assert (await data(query))["applications"]["nodes"]
    (error,) = await errors(query, n=4)
    assert error["extensions"] == {"code": "TOO_LARGE"}
    assert error["message"].startswith(
        "The operation costs 13; 10 are allowed. Most of it, 12, is applications.nodes."
    )
    assert not (await ask(query, n=3)).errors


def test_sizes_are_declared_of_lists_that_there_are() -> None:
    for name in ENTRIES:
        kind, _, field = name.partition(".")
        assert "[" in str(root.schema._schema.type_map[kind].fields[field].type)  # type: ignore[attr-defined]


def test_every_field_of_a_page_can_be_asked_for_at_once() -> None:
    refusals = [structure(query, root.schema._schema).refusal({}) for query in queries()]
    assert len(refusals) > 20
    assert not any(refusals), refusals


DASHBOARD = """query($after: Cursor) { applications(first: 100, after: $after) { pageInfo { endCursor } nodes {
    id name image port replicas strategy desiredState status createdAt updatedAt
    environment { id name project { id name } } domains { host problem } containers { name state health restartCount }
    latestDeployment { id number status finishedAt } liveRelease { number imageDigest }
    deployments(first: 5) { nodes { id number kind status requestedBy createdAt finishedAt failure { reason } } }
} } }"""


def test_a_rich_page_of_a_dashboard_is_well_within_the_limit() -> None:
    assert structure(DASHBOARD, root.schema._schema).cost({}) < MAX_COST / 3
