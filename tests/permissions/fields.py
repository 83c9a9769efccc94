"""How each field of the schema is reached, found by walking it, and what somebody sees there."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from graph import root
from graph.schema.nodes import NODES

SCHEMA = root.schema._schema
_PAGED = "(first: 100)"
# What a required argument is given where it is not the id of a thing.
_GIVEN = {
    "Viewer.may": "(action: READ, noun: SERVER)",
    "Query.explainUrl": '(url: "http://shop.example.com/")',
}
_IDS = {"databaseId": "Database", "applicationId": "Application", "deploymentId": "Deployment"}


@dataclass(frozen=True)
class Step:
    """One level of a document: what is written, and under which key its answer is found; None: a fragment."""

    text: str
    key: str | None


@dataclass(frozen=True)
class Reached:
    """A type, and what leads to it from the root of a query."""

    kind: GraphQLObjectType | GraphQLInterfaceType
    path: tuple[Step, ...]

    def document(self, selection: str) -> str:
        text = selection
        for step in reversed(self.path):
            text = f"{step.text} {{ {text} }}"
        return f"{{ {text} }}"

    def answers(self, data: Any) -> list[dict[str, Any]]:
        """The things of this type in the answer to such a document."""
        found = [data]
        for step in self.path:
            if step.key is None:
                found = [each for each in found if each]
            else:
                found = [inner for each in found if each for inner in _listed(each.get(step.key))]
        return [each for each in found if each]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def reached(ids: Mapping[str, str]) -> dict[str, Reached]:
    """Every type that a query leads to, with the shortest way to it."""
    query = SCHEMA.query_type
    assert query
    ways: dict[str, Reached] = {"Query": Reached(query, ())}
    for name, key in ids.items():
        kind = SCHEMA.type_map.get(name)
        if isinstance(kind, GraphQLObjectType) and name in NODES:
            steps = (Step(f'node(id: "{key}")', "node"), Step(f"... on {name}", None))
            # Members see each other by their memberships.
            by = (
                Step(f'node(id: "{ids["Membership"]}")', "node"),
                Step("... on Membership", None),
                Step("user", "user"),
            )
            ways[name] = Reached(kind, by if name == "User" else steps)
    waiting = deque(ways.values())
    while waiting:
        way = waiting.popleft()
        for name, field in way.kind.fields.items():
            named, given = get_named_type(field.type), arguments(way.kind.name, name, field, ids)
            if is_leaf_type(named) or given is None:
                continue
            for kind, fragment in _possible(named):
                if kind.name not in ways:
                    step = Step(f"{name}{given}", name)
                    ways[kind.name] = Reached(kind, (*way.path, step, *fragment))
                    waiting.append(ways[kind.name])
    return ways


def _possible(named: Any) -> Iterator[tuple[GraphQLObjectType | GraphQLInterfaceType, tuple[Step, ...]]]:
    if isinstance(named, GraphQLObjectType):
        yield named, ()
    elif named.name != "Node":  # whatever is one is reached by its id, or from what it belongs to
        for each in SCHEMA.get_possible_types(named):
            yield each, (Step(f"... on {each.name}", None),)


def arguments(parent: str, name: str, field: GraphQLField, ids: Mapping[str, str]) -> str | None:
    """What to write behind the name of a field; None: it cannot be asked for here."""
    if f"{parent}.{name}" in _GIVEN:
        return _GIVEN[f"{parent}.{name}"]
    if not any(map(is_required_argument, field.args.values())):
        return _PAGED if "first" in field.args else ""
    (needed,) = [argument for argument in field.args if is_required_argument(field.args[argument])]
    if needed == "input":  # of planDeployment
        return f'(input: {{applicationId: "{ids["Application"]}"}})'
    kind = _IDS.get(needed) or get_named_type(field.type).name
    return f'({needed}: "{ids.get(kind, ids["Application"])}")'


def selection(way: Reached, name: str, field: GraphQLField, ids: Mapping[str, str]) -> str | None:
    given = arguments(way.kind.name, name, field, ids)
    if given is None:
        return None
    inner = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    return f"{name}{given} {inner}"


def is_seen(value: object) -> bool:
    """Whether there is something to see: an empty list, an empty page's list and null are nothing."""
    return value is not None and value != []
