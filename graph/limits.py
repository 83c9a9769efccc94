"""What one document may ask for."""

from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    ASTValidationRule,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.validation import ASTValidationContext
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError

MAX_DEPTH = 15
MAX_ALIASES = 30
MAX_TOKENS = 2000
MAX_LENGTH = 64 * 1024  # characters: reading them takes some 40 ms, in which nobody else is served


class Size(NamedTuple):
    depth: int
    aliases: int


class LimitsRule(ASTValidationRule):
    """No operation is deeper than MAX_DEPTH or has more than MAX_ALIASES aliases, its fragments spread out.

    Each fragment is measured once, so that fragments of fragments cannot make measuring itself expensive.
    Introspection is not counted: graphql-core limits its depth.
    """

    def __init__(self, context: ASTValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            node.name.value: node.selection_set
            for node in context.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, Size] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: object) -> None:
        size = self._size(node.selection_set)
        if size.depth > MAX_DEPTH:
            self._report(f"The operation is {size.depth} levels deep; {MAX_DEPTH} are allowed.", node)
        if size.aliases > MAX_ALIASES:
            self._report(f"The operation has {size.aliases} aliases; {MAX_ALIASES} are allowed.", node)

    def _report(self, sentence: str, node: OperationDefinitionNode) -> None:
        self.report_error(GraphQLError(sentence, node))

    def _size(self, selections: SelectionSetNode | None) -> Size:
        sizes = [self._size_of(selection) for selection in selections.selections] if selections else []
        return Size(max((size.depth for size in sizes), default=0), sum(size.aliases for size in sizes))

    def _size_of(self, selection: SelectionNode) -> Size:
        match selection:
            case FieldNode(alias=alias, name=name, selection_set=inner):
                below = Size(0, 0) if name.value.startswith("__") else self._size(inner)
                return Size(1 + below.depth, below.aliases + (alias is not None))
            case InlineFragmentNode(selection_set=inner):
                return self._size(inner)
            case FragmentSpreadNode(name=name):
                return self._fragment(name.value)
            case _:
                raise TypeError(f"unknown selection {selection.kind}")

    def _fragment(self, name: str) -> Size:
        if name not in self._measured:
            self._measured[name] = Size(0, 0)  # ends cycles, which another rule reports
            self._measured[name] = self._size(self._fragments.get(name))
        return self._measured[name]


class OperationNotChosen(CannotGetOperationTypeError):
    """Several operations and no operationName: by the specification nothing is executed."""

    def as_http_error_reason(self) -> str:
        return "The document has several operations: choose one with operationName."


class OneOperation(SchemaExtension):
    """Raises OperationNotChosen, where Strawberry would execute the first operation."""

    def on_parse(self) -> Iterator[None]:
        yield
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        operations = sum(isinstance(node, OperationDefinitionNode) for node in definitions)
        if operations > 1 and context._provided_operation_name is None:
            raise OperationNotChosen(None)
