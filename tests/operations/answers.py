"""Answers read beside the operation and the schema, which say of which type each value is a field."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
)

from tests.graph.api.conftest import Json
from tests.graph.api.fuzzing import SCHEMA

_DEEDS = ("AuditEntry", "AuditChange")

Fragments = Mapping[str, FragmentDefinitionNode]


def without_deeds(text: str, answer: Json) -> Json:
    """The answer to an operation, with null for what entries of the audit log say themselves.

    What is reached through them, as their user or their token, stays.
    """
    if not answer.get("data"):
        return answer
    definitions = parse(text).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    operation = next(each for each in definitions if isinstance(each, OperationDefinitionNode))
    root = SCHEMA.get_root_type(operation.operation)
    return answer | {"data": _object(root, operation.selection_set, answer["data"], fragments)}


def _object(kind: Any, asked: SelectionSetNode, value: Any, fragments: Fragments) -> Any:
    if isinstance(value, list):
        return [_object(kind, asked, each, fragments) for each in value]
    if value is None:
        return None
    fields = {(node.alias or node.name).value: (parent, node) for parent, node in _fields(kind, asked, fragments)}
    return {key: _field(*fields[key], each, fragments) for key, each in value.items()}


def _fields(kind: Any, asked: SelectionSetNode, fragments: Fragments) -> Iterator[tuple[Any, FieldNode]]:
    """What is asked of this type and, where it is an interface, of those behind it; no two have one name."""
    for node in asked.selections:
        if isinstance(node, FieldNode):
            yield kind, node
            continue
        part = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        assert isinstance(part, InlineFragmentNode | FragmentDefinitionNode)
        assert part.type_condition
        yield from _fields(SCHEMA.get_type(part.type_condition.name.value), part.selection_set, fragments)


def _field(parent: Any, node: FieldNode, value: Any, fragments: Fragments) -> Any:
    if node.selection_set:
        return _object(get_named_type(parent.fields[node.name.value].type), node.selection_set, value, fragments)
    return None if parent.name in _DEEDS else value
