"""What an operation costs: how many values its answer may hold, for all that is known before it is executed.

A field costs 1, and what is below a list or a page as often as it has entries. The structure of an operation is read
once; where the sizes of its pages come as variables, each request only multiplies.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
)

from graph.connections import MAX_PAGE

MAX_COST = 50_000  # as measured, fields of one answer that take 0.2 s, in which nobody else is served
ENTRIES = {
    "Query.teams": 4,
    "Team.projects": 10,
    "Team.memberships": 10,
    "Team.invitations": 4,
    "Membership.projects": 4,
    "ApiToken.permissions": 4,
    "Project.environments": 4,
    "Environment.applications": 10,
    "Environment.databases": 5,
    "Application.domains": 4,
    "Application.volumes": 4,
    "Application.containers": 4,
    "DomainCheck.names": 2,
    "NameCheck.checks": 5,
    "UrlExplanation.steps": 10,
    "UrlExplanation.candidates": 4,
    "Database.links": 4,
    "Database.dumps": 10,
    "Database.restores": 10,
    "Release.domains": 4,
    "Release.mounts": 4,
}
"""What lists of the schema usually have, and others have SOME."""
SOME = 20
_INTROSPECTION = {"__schema": 20_000, "__type": 5_000}
_ENDLESS = 10**9

Values: TypeAlias = Mapping[str, object]


class Variable(NamedTuple):
    """The size of a page that a variable gives, if it gives one."""

    name: str
    default: int


class Part(NamedTuple):
    """A field with something below it; or a fragment, which has no name and costs nothing itself."""

    name: str
    times: int | Variable
    below: "Selected"


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A selection. Of its alternatives, which are about different types, every thing is only one."""

    leaves: int
    parts: tuple[Part, ...] = ()
    alternatives: tuple[Part, ...] = ()


@dataclass
class Structure:
    """All of an operation that its cost depends on."""

    selected: Selected
    varies: bool
    _fixed: int | None = field(default=None, repr=False)

    def cost(self, values: Values) -> int:
        if self.varies:
            return _Sum(values).of(self.selected)
        if self._fixed is None:
            self._fixed = _Sum({}).of(self.selected)
        return self._fixed

    def refusal(self, values: Values) -> str | None:
        """Why an operation with these variables is not executed, or None when it is."""
        if (cost := self.cost(values)) <= MAX_COST:
            return None
        path, share = _Sum(values).costliest(self.selected)
        much = f"{cost:,}" if cost < _ENDLESS else f"more than {_ENDLESS:,}"
        most = f" Most of it{f', {share:,},' if cost < _ENDLESS else ''} is {'.'.join(path)}." if path else ""
        return f"The operation costs {much}; {MAX_COST:,} are allowed.{most} Ask for smaller pages or fewer fields."


class _Sum:
    """Adds up with the values of variables. What several spreads share is added up once."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._known: dict[Selected, int] = {}

    def of(self, selected: Selected) -> int:
        known = self._known.get(selected)
        if known is None:
            known = selected.leaves
            for part in selected.parts:
                known += self._of_part(part)
            if selected.alternatives:
                known += max(map(self._of_part, selected.alternatives))
            known = self._known[selected] = min(known, _ENDLESS)
        return known

    def _of_part(self, part: Part) -> int:
        return self._times(part.times) * self.of(part.below) + (part.name != "")

    def _times(self, times: int | Variable) -> int:
        if isinstance(times, int):
            return times
        given = self._values.get(times.name, times.default)
        return _page(given if isinstance(given, int) else times.default)

    def costliest(self, selected: Selected) -> tuple[list[str], int]:
        """The way to the deepest field that is more than half of the whole, and what it costs."""
        path, share, factor, whole = list[str](), 0, 1, self.of(selected)
        while parts := (*selected.parts, *selected.alternatives):
            most = max(parts, key=self._of_part)
            if (cost := factor * self._of_part(most)) * 2 <= whole:
                break
            share, factor, selected = cost, factor * self._times(most.times), most.below
            path += [most.name] if most.name else []
        return path, share


def structure(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Structure:
    """What the operation of a valid document costs."""
    reader = _Reader(schema, document, operation)
    root = schema.get_root_type(operation.operation)
    assert root
    return Structure(reader.selected(operation.selection_set, root), reader.varies)


class _Reader:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self.varies = False
        self._schema = schema
        fragments = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
        self._fragments = {node.name.value: node for node in fragments}
        self._spread: dict[str, Selected] = {}
        self._defaults = {
            each.variable.name.value: each.default_value for each in operation.variable_definitions or ()
        }

    def selected(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> Selected:
        leaves, parts = 0, list[Part]()
        by_type: defaultdict[str, list[Part]] = defaultdict(list)
        for node in selections.selections:
            if isinstance(node, FieldNode):
                if part := self._part(node, parent):
                    parts.append(part)
                else:
                    leaves += _INTROSPECTION.get(node.name.value, 1)
            else:
                kind, below = self._fragment(node, parent)
                apart = is_abstract_type(parent) and is_object_type(kind)
                (by_type[kind.name] if apart else parts).append(Part("", 1, below))
        alternatives = (Part("", 1, Selected(0, tuple(each))) for each in by_type.values())
        return Selected(leaves, tuple(parts), tuple(alternatives))

    def _part(self, node: FieldNode, parent: Any) -> Part | None:
        if not node.selection_set or node.name.value.startswith("__"):
            return None
        found: GraphQLField = parent.fields[node.name.value]
        below = self.selected(node.selection_set, get_named_type(found.type))
        return Part((node.alias or node.name).value, self._times(node, found, parent), below)

    def _times(self, node: FieldNode, found: GraphQLField, parent: Any) -> int | Variable:
        if "first" in found.args:
            return self._page(node, _default(found.args["first"]))
        if not is_list_type(get_nullable_type(found.type)) or "pageInfo" in parent.fields:
            return 1  # a page was counted where it was asked for
        return ENTRIES.get(f"{parent.name}.{node.name.value}", SOME)

    def _page(self, node: FieldNode, usual: int) -> int | Variable:
        given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
        if isinstance(given, VariableNode):
            self.varies = True
            return Variable(given.name.value, _number(self._defaults.get(given.name.value), usual))
        return _page(_number(given, usual))

    def _fragment(self, node: Any, parent: GraphQLNamedType) -> tuple[GraphQLNamedType, Selected]:
        fragment = self._fragments[node.name.value] if hasattr(node, "name") else node
        kind = parent
        if fragment.type_condition:
            kind = self._schema.type_map[fragment.type_condition.name.value]
        if fragment is node:
            return kind, self.selected(fragment.selection_set, kind)
        name = node.name.value
        if name not in self._spread:
            self._spread[name] = self.selected(fragment.selection_set, kind)
        return kind, self._spread[name]


def _number(node: ValueNode | None, otherwise: int) -> int:
    return int(node.value) if isinstance(node, IntValueNode) else otherwise


def _default(first: GraphQLArgument) -> int:
    if first.default and first.default.literal:
        return _number(first.default.literal, MAX_PAGE)
    return first.default_value if isinstance(first.default_value, int) else MAX_PAGE


def _page(asked: int) -> int:
    """What a page of this size has at most: resolvers refuse what is more than any may have."""
    return min(max(asked, 1), MAX_PAGE)
