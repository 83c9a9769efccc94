"""Documents: what they may be, and that each is read and validated once, as long as there is room to remember it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ValidationContext, ValidationRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.executor import told_by
from graph.limits import MAX_LENGTH, MAX_TOKENS, LimitsRule, OneOperation
from graph.mistakes import mistakes, told_at_the_top

MAX_REMEMBERED = 16 * 1024 * 1024
_BYTES_OF_TOKEN = 600  # as measured: the nodes and the places of a document, by its tokens
_BYTES_OF_CHARACTER = 4
_MOST_ERRORS = 20


class ValuesRule(ValidationRule):
    """Values that are written into the document are of their types, and what is not is told by its field.

    Those that a mutation is given are looked at once more when it is executed, together with its variables, and
    told in its payload: here only what does not fit the schema counts.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._told_later: set[int] = set()

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: object) -> None:
        if node.operation is OperationType.MUTATION:
            fields = (field for field in node.selection_set.selections if isinstance(field, FieldNode))
            told = (field for field in fields if told_by(self.context.schema, field))
            self._told_later |= {id(argument) for field in told for argument in field.arguments or ()}

    def enter_argument(self, node: ArgumentNode, *_args: object) -> None:
        self._check(node.value, node.name.value, only_misfits=id(node) in self._told_later)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: object) -> None:
        if node.default_value:
            self._check(node.default_value, node.variable.name.value)

    def _check(self, value: object, name: str, *, only_misfits: bool = False) -> None:
        kind = self.context.get_input_type()
        for mistake in mistakes(value, kind, (name,)) if kind else ():
            if mistake.misfit or not only_misfits:
                self.report_error(told_at_the_top(mistake))


RULES = (
    *(rule for rule in specified_rules if rule is not ValuesOfCorrectTypeRule),
    ValuesRule,
    LimitsRule,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


@dataclass
class Document:
    node: DocumentNode
    errors: list[GraphQLError] | None = None  # None until it is validated

    def validated(self, schema: GraphQLSchema) -> list[GraphQLError]:
        if self.errors is None:
            self.errors = validate(schema, self.node, RULES, max_errors=_MOST_ERRORS)
        return self.errors


class Documents:
    """The documents that were asked for last, at most so many bytes of them."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[str, Document] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._known)

    def read(self, text: str) -> Document:
        """The document of this text. Raises GraphQLError when it is none, or one that is too long."""
        if text in self._known:
            self._known.move_to_end(text)
            return self._known[text]
        document = self._known[text] = Document(parse(text, max_tokens=MAX_TOKENS, max_source_length=MAX_LENGTH))
        self.bytes += _size(document, text)
        while self.bytes > self._most:
            oldest, forgotten = self._known.popitem(last=False)
            self.bytes -= _size(forgotten, oldest)
        return document


def _size(document: Document, text: str) -> int:
    return len(text) * _BYTES_OF_CHARACTER + (document.node.token_count or 0) * _BYTES_OF_TOKEN


class Reading(SchemaExtension):
    """Reads and validates with the help of what is remembered."""

    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self._documents = documents
        self._document: Document | None = None

    def on_operation(self) -> Iterator[None]:
        options: dict[str, object] = self.execution_context.parse_options  # type: ignore[assignment]
        options |= {"max_tokens": MAX_TOKENS, "max_source_length": MAX_LENGTH}
        yield

    def on_parse(self) -> Iterator[None]:
        # Raised here, an error would end a websocket operation with `complete`, no error, and a logged traceback.
        # Left to the schema, which reads once more, it is reported as transports expect.
        with suppress(GraphQLError):
            self._document = self._documents.read(self.execution_context.query or "")
            self.execution_context.graphql_document = self._document.node
        yield

    def on_validate(self) -> Iterator[None]:
        if self._document:
            schema = self.execution_context.schema._schema
            self.execution_context.pre_execution_errors = self._document.validated(schema)
        yield


def reading() -> tuple[Callable[[], SchemaExtension], ...]:
    """The extensions of one schema, which share what is remembered of its documents."""
    documents = Documents()
    return (lambda: Reading(documents), OneOperation)
