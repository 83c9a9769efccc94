"""What one document may ask for, whatever the schema; `graph.cost` knows what it asks of the schema."""

from collections.abc import Coroutine, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError

from graph.errors import TOO_LARGE, TookTooLong
from graph.patience import within

MAX_DEPTH = 15
MAX_FIELDS = 1000
MAX_ALIASES = 30
MAX_DIRECTIVES = 50
MAX_MUTATIONS = 20
MAX_DEFINITIONS = 100  # operations and fragments
MAX_SECONDS = 30.0
MAX_TOKENS = 2000
MAX_LENGTH = 64 * 1024  # characters: reading them takes some 15 ms, in which nobody else is served

# Fields of one name are compared with each other: what graphql-core allows takes a second.
overlapping.MAX_COMPLEXITY_BUDGET = 10_000

T = TypeVar("T")

_Directives: TypeAlias = tuple[DirectiveNode, ...] | None


class Size(NamedTuple):
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


_NOTHING = Size()


def too_large(sentence: str, *where: OperationDefinitionNode) -> GraphQLError:
    """The refusal of what is beyond a limit."""
    return GraphQLError(sentence, list(where), extensions={"code": TOO_LARGE})


def beyond_limits(document: DocumentNode) -> GraphQLError | None:
    """The first limit that an operation of this document is beyond, its fragments spread out.

    Each fragment is measured once, so that fragments of fragments cannot make measuring itself expensive.
    Introspection is not counted: graphql-core limits its depth, and it has a cost.
    """
    if (count := len(document.definitions)) > MAX_DEFINITIONS:
        return too_large(f"The document has {count} operations and fragments; {MAX_DEFINITIONS} are allowed.")
    measure = _Measure(document)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            for sentence in _sentences(node, measure.of(node)):
                return too_large(sentence, node)
    return None


def _sentences(operation: OperationDefinitionNode, size: Size) -> Iterator[str]:
    if size.depth > MAX_DEPTH:
        yield f"The operation is {size.depth} levels deep; {MAX_DEPTH} are allowed."
    if size.fields > MAX_FIELDS:
        yield f"The operation has {size.fields} fields; {MAX_FIELDS} are allowed."
    if size.aliases > MAX_ALIASES:
        yield f"The operation has {size.aliases} aliases; {MAX_ALIASES} are allowed."
    if size.directives > MAX_DIRECTIVES:
        yield f"The operation has {size.directives} directives; {MAX_DIRECTIVES} are allowed."
    asked = len(operation.selection_set.selections)
    if operation.operation is OperationType.MUTATION and asked > MAX_MUTATIONS:
        yield f"The operation asks for {asked} mutations; {MAX_MUTATIONS} are allowed."


class _Measure:
    def __init__(self, document: DocumentNode) -> None:
        fragments = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
        self._fragments = {node.name.value: node for node in fragments}
        self._measured: dict[str, Size] = {}

    def of(self, operation: OperationDefinitionNode) -> Size:
        directives = sum(len(each.directives or ()) for each in operation.variable_definitions or ())
        return self._size(operation.selection_set, operation.directives, directives)

    def _size(self, selections: SelectionSetNode | None, directives: _Directives, more: int = 0) -> Size:
        # A plain loop that calls itself: what recursion is left to Python, hundreds of fragments in a row need.
        depth, fields, aliases, count = 0, 0, 0, more + len(directives or ())
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    inner = None if node.name.value.startswith("__") else node.selection_set
                    size = self._size(inner, node.directives)
                    depth, fields = max(depth, size.depth + 1), fields + 1
                    aliases += node.alias is not None
                case InlineFragmentNode():
                    size = self._size(node.selection_set, node.directives)
                case FragmentSpreadNode():
                    size = self._fragment(node.name.value)
                    count += len(node.directives or ())
                case _:
                    raise TypeError(f"unknown selection {node.kind}")
            depth, fields = max(depth, size.depth), fields + size.fields
            aliases, count = aliases + size.aliases, count + size.directives
        return Size(depth, fields, aliases, count)

    def _fragment(self, name: str) -> Size:
        if name not in self._measured and (fragment := self._fragments.get(name)):
            self._measured[name] = _NOTHING  # ends cycles, which a rule of GraphQL reports
            self._measured[name] = self._size(fragment.selection_set, fragment.directives)
        return self._measured.get(name, _NOTHING)


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


async def in_time(execution: Coroutine[Any, Any, T]) -> T:
    """What a query or a mutation comes to. Raises `TookTooLong` after MAX_SECONDS.

    A mutation that has begun still runs to its end; those after it are not begun.
    """
    return await within(MAX_SECONDS, execution, _took_too_long)


def _took_too_long() -> TookTooLong:
    return TookTooLong(f"The operation took longer than {MAX_SECONDS:g} seconds. A mutation that had begun goes on.")
