"""What is wrong with the values of a request: every mistake by its place, in our words.

A value is Python's, when it came as a variable, or a node of the document, when it was written there.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    EnumValueNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from engine.errors import ErrorCode
from engine.names import shown

MOST_TOLD = 20
MOST_ITEMS = 10_000  # of one list: looking at them takes some 100 ms, in which nobody else is served

Place: TypeAlias = tuple[str, ...]

_NEEDED = {
    "Int": "A whole number from -2147483648 to 2147483647 is needed.",
    "Float": "A number is needed.",
    "String": "A string is needed.",
    "Boolean": "true or false is needed.",
    "ID": "An id is needed.",
}


class Mistake(NamedTuple):
    """`misfit`: the schema has no such thing, whatever its value. `node` is where it stands in the document."""

    place: Place
    sentence: str
    misfit: bool
    node: Node | None


@dataclass(frozen=True)
class Variables:
    """What is known of the variables that a written value holds: their mistakes, and which of them are null."""

    mistakes: Mapping[str, list[Mistake]] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()


UNKNOWN = Variables()


def mistakes(
    value: object, kind: GraphQLInputType, place: Place = (), variables: Variables = UNKNOWN
) -> list[Mistake]:
    """Why `value`, which stands at `place`, is no value of this kind: the first MOST_TOLD reasons."""
    return list(islice(_mistakes(value, kind, place, variables), MOST_TOLD))


def told_at_the_top(mistake: Mistake) -> GraphQLError:
    """The mistake as an error of the whole request."""
    extensions = {"code": ErrorCode.INVALID_INPUT.value, "field": list(mistake.place)}
    return GraphQLError(f"{'.'.join(mistake.place)}: {mistake.sentence}", mistake.node, extensions=extensions)


def _mistakes(value: Any, kind: Any, place: Place, variables: Variables) -> Iterator[Mistake]:
    content = _opened(value, variables)
    if is_non_null_type(kind):
        if content is None:
            yield _mistake(place, "A value is needed; null is none.", value, misfit=True)
        else:
            yield from _mistakes(value, kind.of_type, place, variables)
    elif content is None:
        return
    elif isinstance(content, VariableNode):
        for found in variables.mistakes.get(content.name.value, ()):
            yield found._replace(place=(*place, *found.place), node=content)
    elif is_list_type(kind):
        yield from _in_list(value, content, kind.of_type, place, variables)
    elif is_input_object_type(kind):
        yield from _in_object(value, content, kind, place, variables)
    elif sentence := _refusal(value, kind):
        yield _mistake(place, sentence, value, misfit=is_enum_type(kind))


def _in_list(value: object, content: Any, kind: Any, place: Place, variables: Variables) -> Iterator[Mistake]:
    if not isinstance(content, list | tuple):  # GraphQL takes it for a list of one
        yield from _mistakes(value, kind, place, variables)
    elif len(content) > MOST_ITEMS:
        yield _mistake(place, f"At most {MOST_ITEMS} entries can be given at once.", value, misfit=False)
    else:
        for step, item in enumerate(content):
            yield from _mistakes(item, kind, (*place, str(step)), variables)


def _in_object(
    value: object, content: Any, kind: GraphQLInputObjectType, place: Place, variables: Variables
) -> Iterator[Mistake]:
    if not isinstance(content, dict):
        yield _mistake(place, f"The fields of {kind.name} are needed.", value, misfit=True)
        return
    for name, part in kind.fields.items():
        if name in content:
            yield from _mistakes(content[name], part.type, (*place, name), variables)
        elif is_required_input_field(part):
            yield _mistake((*place, name), f"{name} is needed.", value, misfit=True)
    for name in content.keys() - kind.fields.keys():
        yield _mistake(place, f"{kind.name} has no field {shown(name)}.{_meant(name, kind)}", value, misfit=True)


def _opened(value: object, variables: Variables) -> object:
    """The items of a list and the fields of an object, however they were given; None for null."""
    match value:
        case NullValueNode():
            return None
        case ListValueNode(values=values):
            return values
        case ObjectValueNode(fields=fields):
            return {each.name.value: each.value for each in fields}
        case VariableNode(name=name) if name.value in variables.nulls:
            return None
        case _:
            return value


def _refusal(value: object, kind: GraphQLLeafType) -> str | None:
    """Why this is no value of the scalar or the enum; None when it is one."""
    if isinstance(kind, GraphQLEnumType):
        named = value.value if isinstance(value, EnumValueNode) else value if isinstance(value, str) else None
        return None if named in kind.values else f"One of {', '.join(kind.values)} is needed."
    try:
        read = _read_literal(value, kind) if isinstance(value, ValueNode) else kind.coerce_input_value(value)
    except GraphQLError as error:
        # Ours have a code; those of graphql-core repeat all that was typed.
        return error.message if error.extensions else _needed(kind)
    except Exception:  # noqa: BLE001  such as for numbers with more digits than Python reads
        return _needed(kind)
    return _needed(kind) if read is Undefined else None


def _read_literal(node: ValueNode, kind: Any) -> object:
    if kind.coerce_input_literal is not None:
        return kind.coerce_input_literal(node)
    return kind.parse_literal(node)


def _needed(kind: GraphQLLeafType) -> str:
    return _NEEDED.get(kind.name, f"A value of the type {kind.name} is needed.")


def _meant(name: str, kind: GraphQLInputObjectType) -> str:
    near = difflib.get_close_matches(name[:60], kind.fields, 1)
    return f" Did you mean {near[0]}?" if near else ""


def _mistake(place: Place, sentence: str, value: object, *, misfit: bool) -> Mistake:
    return Mistake(place, sentence, misfit, value if isinstance(value, Node) else None)
