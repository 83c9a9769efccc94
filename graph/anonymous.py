"""What may be asked by those who have not signed in: root fields that are guarded by `Public`, and nothing beside."""

from collections.abc import Callable

import strawberry
from graphql import FieldNode, GraphQLError, get_operation_ast, parse

from graph.permissions import Public, guarded_by

_MAX_LENGTH = 8 * 1024
_MAX_TOKENS = 500


def only_public(schema: strawberry.Schema) -> Callable[[str, str | None], bool]:
    """Says of a document, and the name of its operation, whether anybody may have it executed."""
    public = guarded_by(schema, Public)

    def allowed(query: str, name: str | None) -> bool:
        try:
            document = parse(query, max_tokens=_MAX_TOKENS, max_source_length=_MAX_LENGTH)
        except GraphQLError:
            return False
        operation = get_operation_ast(document, name)
        if operation is None:
            return False
        root = operation.operation.value.capitalize()
        selected = operation.selection_set.selections
        return all(isinstance(node, FieldNode) and f"{root}.{node.name.value}" in public for node in selected)

    return allowed
