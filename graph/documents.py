"""Documents: what they may be, and that each is read and validated once, as long as there is room to remember it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

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
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ValidationContext, ValidationRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.graphql import OperationType as Kind

from graph.cost import MAX_COST, Structure, Values, structure
from graph.executor import told_by
from graph.limits import MAX_LENGTH, MAX_TOKENS, OneOperation, beyond_limits, too_large
from graph.mistakes import mistakes, told_at_the_top

MAX_REMEMBERED = 16 * 1024 * 1024
_BYTES_OF_TOKEN = 600  # as measured: the nodes and the places of a document, by its tokens
_BYTES_OF_CHARACTER = 4
_BYTES_OF_OWNER = 300
_MOST_ERRORS = 20
_GIVEN_UP = "Validation aborted."
_TANGLED = "The operation is too tangled to be checked. Ask for fewer fields of one name, with fewer fragments."
COST = "cost"  # the extension of a request, and of its answer, that says what an operation costs


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
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class Ready(NamedTuple):
    """An operation that was looked through, and with which nothing is wrong but, perhaps, its cost."""

    kind: Kind
    structure: Structure


@dataclass
class Document:
    node: DocumentNode
    errors: list[GraphQLError] | None = None  # None until it is validated
    digest: str = ""
    owners: set[str] = field(default_factory=set)  # who may ask for it by its digest
    _ready: dict[str | None, "Ready"] = field(default_factory=dict)

    def validated(self, schema: GraphQLSchema) -> list[GraphQLError]:
        if self.errors is None:
            self.errors = list(self._errors(schema))
        return self.errors

    def _errors(self, schema: GraphQLSchema) -> Iterator[GraphQLError]:
        if beyond := beyond_limits(self.node):
            yield beyond
            return
        errors = validate(schema, self.node, RULES, max_errors=_MOST_ERRORS)
        given_up = any(error.message == _GIVEN_UP for error in errors)
        yield from [too_large(_TANGLED)] if given_up else errors

    def structure(self, schema: GraphQLSchema, operation: str | None) -> Structure | None:
        """What the cost of this operation depends on. None: there is no such operation."""
        if operation not in self._ready:
            if not (node := get_operation_ast(self.node, operation)):
                return None
            self._ready[operation] = Ready(Kind(node.operation.value), structure(schema, self.node, node))
        return self._ready[operation].structure

    def type(self, operation: str | None) -> str | None:
        """ "query", "mutation" or "subscription"; None: there is no such operation."""
        if found := self._ready.get(operation):
            return str(found.kind.value)
        node = get_operation_ast(self.node, operation)
        return node.operation.value if node else None

    def ready(self, operation: str | None, values: Values) -> "Ready | None":
        """An operation that can be executed with these variables at once; None: look through it first."""
        found = self._ready.get(operation)
        return found if found and not found.structure.refusal(values) else None


class Documents:
    """The documents that were asked for last, at most so many bytes of them."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._by_digest: dict[str, str] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._known)

    def known(self, text: str) -> Document | None:
        """The document of this text, if it is remembered."""
        if text not in self._known:
            return None
        self._known.move_to_end(text)
        return self._known[text]

    def read(self, text: str) -> Document:
        """The document of this text. Raises GraphQLError when it is none, or one that is too long."""
        if known := self.known(text):
            return known
        document = self._known[text] = Document(parse(text, max_tokens=MAX_TOKENS, max_source_length=MAX_LENGTH))
        self.bytes += _size(document, text)
        self._forget_what_has_no_room()
        return document

    def register(self, digest: str, text: str, owner: str) -> None:
        """Let `owner` ask for a text that was read by its hash, as long as it is remembered."""
        document = self._known.get(text)
        if document is None or owner in document.owners:
            return
        document.digest = digest
        document.owners.add(owner)
        self._by_digest[digest] = text
        self.bytes += _BYTES_OF_OWNER
        self._forget_what_has_no_room()

    def registered(self, digest: str, owner: str) -> str | None:
        """The text with this hash, if `owner` has registered it."""
        text = self._by_digest.get(digest)
        return text if text is not None and owner in self._known[text].owners else None

    def _forget_what_has_no_room(self) -> None:
        while self.bytes > self._most:
            oldest, forgotten = self._known.popitem(last=False)
            self.bytes -= _size(forgotten, oldest)
            self._by_digest.pop(forgotten.digest, None)


def _size(document: Document, text: str) -> int:
    tokens, owners = document.node.token_count or 0, len(document.owners)
    return len(text) * _BYTES_OF_CHARACTER + tokens * _BYTES_OF_TOKEN + owners * _BYTES_OF_OWNER


class Reading(SchemaExtension):
    """Reads and validates with the help of what is remembered."""

    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self._documents = documents
        self._document: Document | None = None
        self._told: dict[str, object] = {}

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
            errors = self._document.validated(schema)
            self.execution_context.pre_execution_errors = errors or self._too_costly(self._document, schema)
        yield

    def _too_costly(self, document: Document, schema: GraphQLSchema) -> list[GraphQLError]:
        context = self.execution_context
        values: Values = context.variables or {}
        if not (priced := document.structure(schema, context._provided_operation_name)):
            return []
        self._told = told_of_cost(priced, values, context.operation_extensions)
        refusal = priced.refusal(values)
        return [too_large(refusal)] if refusal else []

    def get_results(self) -> dict[str, object]:
        return self._told


def told_of_cost(priced: Structure, values: Values, asked: Mapping[str, object] | None) -> dict[str, object]:
    """The extensions of an answer, for those of its request."""
    return {COST: {"requested": priced.cost(values), "limit": MAX_COST}} if COST in (asked or ()) else {}


def reading(documents: Documents) -> tuple[Callable[[], SchemaExtension], ...]:
    """The extensions of one schema, which share what is remembered of its documents."""
    return (lambda: Reading(documents), OneOperation)
