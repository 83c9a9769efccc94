"""What holds for every type, every field and every operation of the schema."""

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from sqlalchemy import event

from db.models import EventKind
from engine.accounts.viewer import anybody_at
from graph import root
from graph.context import Context
from graph.ids import local_id
from graph.permissions import Public, guarded_by, unguarded
from graph.schema.messages import EVENT_TYPES
from tests.graph.api.conftest import SETUP, Api, Json
from tests.graph.api.rows import add_failed_deployments, add_releases

SCHEMA = root.schema._schema
ROOTS = [
    ("query", SCHEMA.query_type),
    ("mutation", SCHEMA.mutation_type),
    ("subscription", SCHEMA.subscription_type),
]
FIELDS = [
    (operation, name, field) for operation, kind in ROOTS if kind for name, field in sorted(kind.fields.items())
]
PUBLIC = guarded_by(root.schema, Public)
NOBODY = anybody_at("127.0.0.1")
EXAMPLES: Json = {
    "ID": "nonsense",
    "Int": 1,
    "String": "text",
    "Secret": "text",
    "Boolean": True,
    "ResourceName": "web",
    "EmailAddress": "ann@example.com",
    "ImageReference": "nginx:1.29",
    "Hostname": "shop.example.com",
    "CertificateName": "shop.example.com",
    "DomainUrl": "https://shop.example.com",
    "EnvName": "MODE",
    "MountPath": "/data",
}


def test_the_committed_schema_is_up_to_date() -> None:
    committed = Path(root.__file__).with_name("schema.graphql").read_text()
    assert committed == root.print_schema_text(), "Write it again with: make schema"


def test_everything_is_described() -> None:
    assert [name for name, thing in everything() if not (thing.description or "").strip()] == []


def everything() -> Iterator[tuple[str, Any]]:
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", each) for value, each in kind.values.items())
        if isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each) for field, each in kind.fields.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield f"{name}.{field}", each
                yield from ((f"{name}.{field}({arg})", argument) for arg, argument in each.args.items())


def test_no_operation_is_allowed_by_forgetting() -> None:
    assert unguarded(root.schema) == []


def test_every_mutation_takes_one_input_and_answers_with_its_own_payload() -> None:
    assert SCHEMA.mutation_type
    for name, field in SCHEMA.mutation_type.fields.items():
        kind = name[0].upper() + name[1:]
        assert {arg: str(argument.type) for arg, argument in field.args.items()} == {"input": f"{kind}Input!"}
        assert str(field.type) == f"{kind}Payload!"


def test_every_kind_of_event_can_be_told() -> None:
    assert set(EVENT_TYPES) == set(EventKind)


def test_no_type_has_a_field_for_a_secret() -> None:
    secrets = {"password", "hash", "registryPassword", "sealed", "key"}
    outputs = [kind for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLObjectType)]
    assert [kind.name for kind in outputs if secrets & set(kind.fields)] == ["DatabaseCredentials"]


def test_the_one_type_that_shows_a_secret_is_reached_in_one_way_only() -> None:
    """Which needs a permission of its own, and leaves an event."""
    leading = [
        f"{kind.name}.{name}"
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "DatabaseCredentials"
    ]
    assert leading == ["Query.databaseCredentials"]


def document(operation: str, name: str, field: GraphQLField) -> tuple[str, Json]:
    """The smallest operation with this root field."""
    needed = {arg: argument for arg, argument in field.args.items() if is_required_argument(argument)}
    declared = ", ".join(f"${arg}: {argument.type}" for arg, argument in needed.items())
    given = ", ".join(f"{arg}: ${arg}" for arg in needed)
    selection = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    text = (
        f"{operation} {f'({declared})' if declared else ''} {{ {name}{f'({given})' if given else ''} {selection} }}"
    )
    return text, {arg: example(argument.type) for arg, argument in needed.items()}


def example(given: Any) -> Any:
    kind = get_nullable_type(given)
    if isinstance(kind, GraphQLList):
        return [example(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        needed = {name: field for name, field in kind.fields.items() if is_required_input_field(field)}
        return {name: example(field.type) for name, field in needed.items()}
    return EXAMPLES[kind.name]


async def codes(context: Context, text: str, variables: Json) -> list[object]:
    """The codes of the errors; NULL when there is neither an error nor an answer."""
    stream = await root.schema.stream(text, variable_values=variables, context_value=context)
    async with aclosing(stream):
        result: Any = await anext(stream)
    if result.errors:
        return [error.extensions["code"] for error in result.errors]
    return [] if any(result.data.values()) else ["NULL"]


@pytest.mark.parametrize(("operation", "name", "field"), FIELDS, ids=[name for _, name, _ in FIELDS])
async def test_the_setup_token_is_good_for_one_thing_only(
    api: Api, operation: str, name: str, field: GraphQLField
) -> None:
    found = await codes(api.seen_by(SETUP).context, *document(operation, name, field))
    match name:
        case "createApiToken" | "createOwner" | "viewer":
            assert found == []
        case _ if field_name(operation, name) in PUBLIC:
            assert found != ["FORBIDDEN"]
        case "node":
            assert found == ["NULL"]
        case _:
            assert found == ["FORBIDDEN"]


@pytest.mark.parametrize(("operation", "name", "field"), FIELDS, ids=[name for _, name, _ in FIELDS])
async def test_nothing_works_for_nobody(api: Api, operation: str, name: str, field: GraphQLField) -> None:
    found = await codes(api.seen_by(NOBODY).context, *document(operation, name, field))
    if field_name(operation, name) in PUBLIC:
        assert found != ["UNAUTHENTICATED"]
    else:
        assert found == (["NULL"] if name == "node" else ["UNAUTHENTICATED"])


def test_nobody_may_ask_for_what_it_takes_to_sign_in_and_for_nothing_else() -> None:
    assert {
        "Query.signInOptions",
        "Mutation.signIn",
        "Mutation.acceptInvitation",
        "Mutation.beginPasskey",
        "Mutation.beginSingleSignOn",
        "Mutation.requestPasswordReset",
        "Mutation.resetPassword",
        "Mutation.signInWithPasskey",
    } == PUBLIC


def field_name(operation: str, name: str) -> str:
    return f"{operation.capitalize()}.{name}"


EVERYTHING = """{ applications { edges { node {
    environment { project { name } } server { name } liveRelease { number variables { value } mounts { path } }
    latestDeployment { number release { number } } variables { value } volumes { name } domains { host }
    containers { name release { number } }
    deployments(first: 3) { edges { node { number } } } releases(first: 3) { edges { node { number } } }
} } } }"""


async def test_a_longer_list_does_not_take_more_queries(api: Api) -> None:
    counts = []
    for project in ("shop", "blog"):
        environment_id = await api.environment(project)
        for name in ("web", "worker", "cron"):
            application_id = await api.application(
                name,
                environment_id,
                variables=[{"name": "A", "value": "1"}],
                volumes=[{"name": "data", "mountPath": "/data"}],
            )
            key = local_id("Application", application_id)
            await api.engine.sessions.write(add_releases, key, 4)
            await api.engine.sessions.write(add_failed_deployments, key, 4)
        # What the engine itself reads meanwhile is no part of the answer.
        counts.append(min([await queries_of(api, EVERYTHING) for _ in range(3)]))
    assert counts[0] == counts[1] < 20


async def queries_of(api: Api, text: str) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(api.engine.sessions._reader, "before_cursor_execute", note)
    data = await api.ask(text)
    event.remove(api.engine.sessions._reader, "before_cursor_execute", note)
    assert all(len(edge["node"]["releases"]["edges"]) == 3 for edge in data["applications"]["edges"])
    return sum(statement.startswith("SELECT") for statement in seen)
