"""Queries that ask for every field there is, made from the schema: what is added to it is asked for by itself."""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from graph.root import print_schema_text

SCHEMA = build_schema(print_schema_text())

_DEEP = 2


def queries() -> Iterator[str]:
    """One query for each field of `Query` that needs no argument, and for a list of events one for each kind."""
    assert SCHEMA.query_type
    for name, field in SCHEMA.query_type.fields.items():
        if not _needs_arguments(field):
            for selection in _selections(field.type, _DEEP, ()):
                head, page = (
                    ("query($after: Cursor)", "(first: 50, after: $after)") if _paged(field) else ("query", "")
                )
                yield f"{head} {{ {name}{page} {selection} }}"


def _selections(kind: GraphQLOutputType, deep: int, path: tuple[str, ...]) -> Iterator[str]:
    named = get_named_type(kind)
    if isinstance(named, GraphQLObjectType) and named.name == "EventConnection":
        for event in SCHEMA.get_possible_types(_event()):
            page = "pageInfo { endCursor hasNextPage }"
            yield f"{{ {page} nodes {{ ... on {event.name} {_fields(event, 1, ())} }} }}"
    else:
        yield _fields(named, deep, path) if not is_leaf_type(named) else ""


def _fields(kind: object, deep: int, path: tuple[str, ...]) -> str:
    """All fields of a type, and those of what they lead to; a type does not lead to itself again."""
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    inside = (*path, kind.name)
    asked = []
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if _needs_arguments(field):
            continue
        if is_leaf_type(named):
            asked.append(name)
        elif name == "edges":  # what is in them is asked for as nodes
            asked.append("edges { cursor }")
        elif deep and named.name not in inside:
            # A page is no step further than what is on it.
            further = deep if named.name.endswith("Connection") else deep - 1
            page = "(first: 5)" if _paged(field) else ""
            asked.append(f"{name}{page} {_fields(named, further, inside)}")
    return f"{{ __typename {' '.join(asked)} }}"


def _event() -> GraphQLInterfaceType:
    kind = SCHEMA.type_map["Event"]
    assert isinstance(kind, GraphQLInterfaceType)
    return kind


def _paged(field: GraphQLField) -> bool:
    return "after" in field.args


def _needs_arguments(field: GraphQLField) -> bool:
    return any(map(is_required_argument, field.args.values()))
