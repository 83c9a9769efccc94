"""Before anything is executed: what a request gives is looked through, and what is wrong with it is told.

For a mutation it is told where everything is that a mutation refuses: in the `errors` of its payload. To that end
the mutation is executed without its input, and `graph.errors.ErrorsAsData` finds the mistakes in the context.
Everywhere else a mistake is an error of the whole request.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    NameNode,
    Node,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    is_input_type,
    is_non_null_type,
    type_from_ast,
    visit,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.unset import UNSET

from engine.errors import InvalidInput
from graph.compiled import Asked, CompilingExecutor, Reads
from graph.errors import ErrorsAsData
from graph.mistakes import Mistake, Variables, mistakes, told_at_the_top

_WITHHELD = VariableNode(name=NameNode(value="0"))  # what no variable of a document can be called


class Executor(CompilingExecutor):
    """Executes what is right about a request, and says what is wrong."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: object = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *others: Any,
        **more: Any,
    ) -> Any:
        operation, values = get_operation_ast(document, operation_name), raw_variable_values or {}
        if operation and operation.operation is OperationType.MUTATION:
            without = _without_mistakes(schema, document, operation, values)
            document = without.document
            context_value.mistakes.update(without.mistakes)
        built = super().build(schema, document, root_value, context_value, values, operation_name, *others, **more)
        if not isinstance(built, list):
            built.variable_values.coerced[_WITHHELD.name.value] = UNSET
            return built
        return (operation and list(_told(schema, operation, values))) or built

    def planned(self, reads: Mapping[Asked, Reads]) -> None:
        self.context_value.asked.update(reads)


class _Without(NamedTuple):
    """A document whose mutations are not given their wrong arguments, and why, by the names of the answers."""

    document: DocumentNode
    mistakes: dict[str, list[InvalidInput]]


def _without_mistakes(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, values: Mapping[str, object]
) -> _Without:
    variables, wrong = _looked_through(schema, operation, values), {}
    selections: list[SelectionNode] = []
    for node in operation.selection_set.selections:
        found = _mistakes_in(schema, node, variables)
        if isinstance(node, FieldNode) and found:
            wrong[(node.alias or node.name).value] = [
                InvalidInput(mistake.sentence, field=mistake.place) for each in found.values() for mistake in each
            ]
            node = replace(node, arguments=tuple(_withheld(argument, found) for argument in node.arguments or ()))
        selections.append(node)
    if not wrong:
        return _Without(document, {})
    changed = replace(operation, selection_set=replace(operation.selection_set, selections=tuple(selections)))
    return _Without(_with_operation(document, operation, _without_unused(document, changed, variables)), wrong)


def _mistakes_in(schema: GraphQLSchema, node: SelectionNode, variables: Variables) -> dict[str, list[Mistake]]:
    """What is wrong with the arguments of a mutation that can tell it, by their names."""
    if not isinstance(node, FieldNode) or not (field := told_by(schema, node)):
        return {}
    found = {
        name: mistakes(argument.value, field.args[name].type, (name,), variables)
        for argument in node.arguments or ()
        if (name := argument.name.value) in field.args
    }
    return {name: each for name, each in found.items() if each}


def told_by(schema: GraphQLSchema, node: FieldNode) -> GraphQLField | None:
    """The mutation that this node, which stands at the root of one, asks for, if it has a payload with errors."""
    field = schema.mutation_type.fields.get(node.name.value) if schema.mutation_type else None
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if field else None
    extensions = definition.extensions if definition else ()
    return field if any(isinstance(extension, ErrorsAsData) for extension in extensions) else None


def _withheld(argument: ArgumentNode, found: Mapping[str, object]) -> ArgumentNode:
    return replace(argument, value=_WITHHELD) if argument.name.value in found else argument


def _without_unused(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Variables
) -> OperationDefinitionNode:
    """The operation without the wrong variables that only wrong arguments needed."""
    used = _variables_in(operation.selection_set, *(operation.directives or ()))
    used |= _variables_in(*(node for node in document.definitions if isinstance(node, FragmentDefinitionNode)))
    kept = tuple(
        definition
        for definition in operation.variable_definitions or ()
        if not variables.mistakes.get(_name(definition)) or _name(definition) in used
    )
    return replace(operation, variable_definitions=kept)


def _variables_in(*nodes: Node) -> set[str]:
    found: set[str] = set()

    class Collector(Visitor):
        def enter_variable(self, node: VariableNode, *_args: object) -> None:
            found.add(node.name.value)

    for node in nodes:
        visit(node, Collector())
    return found


def _with_operation(
    document: DocumentNode, old: OperationDefinitionNode, new: OperationDefinitionNode
) -> DocumentNode:
    return replace(document, definitions=tuple(new if node is old else node for node in document.definitions))


def _looked_through(
    schema: GraphQLSchema, operation: OperationDefinitionNode, values: Mapping[str, object]
) -> Variables:
    definitions = operation.variable_definitions or ()
    return Variables(
        {_name(definition): _mistakes_of(schema, definition, values) for definition in definitions},
        frozenset(_name(definition) for definition in definitions if _is_null(definition, values)),
    )


def _mistakes_of(
    schema: GraphQLSchema, definition: VariableDefinitionNode, values: Mapping[str, object]
) -> list[Mistake]:
    kind, name = type_from_ast(schema, definition.type), _name(definition)
    if not is_input_type(kind):
        return []
    if name in values:
        return mistakes(values[name], kind)
    if definition.default_value is None and is_non_null_type(kind):
        return [Mistake((), f"The variable ${name} is needed.", True, None)]
    return []


def _is_null(definition: VariableDefinitionNode, values: Mapping[str, object]) -> bool:
    if (name := _name(definition)) in values:
        return values[name] is None
    return isinstance(definition.default_value, NullValueNode)


def _told(
    schema: GraphQLSchema, operation: OperationDefinitionNode, values: Mapping[str, object]
) -> Iterator[GraphQLError]:
    """The mistakes in variables as errors of the whole request."""
    for definition in operation.variable_definitions or ():
        for mistake in _mistakes_of(schema, definition, values):
            yield told_at_the_top(mistake._replace(place=(_name(definition), *mistake.place), node=definition))


def _name(definition: VariableDefinitionNode) -> str:
    return definition.variable.name.value
