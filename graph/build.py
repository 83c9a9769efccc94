"""From root types to the schema that is served."""

from collections.abc import Iterable
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph.documents import Documents, reading
from graph.errors import presented
from graph.executor import Executor
from graph.limits import in_time
from graph.scalars import SCALARS


class Schema(strawberry.Schema):
    """A schema that gives up what takes too long, and shows clients what `graph.errors` makes of an error."""

    documents: Documents

    async def _execute_operation(self, *args: Any, **kwargs: Any) -> Any:
        # Not by an extension: around every operation, one that is a coroutine takes as long as a small query.
        return await in_time(super()._execute_operation(*args, **kwargs))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        # In place: Strawberry calls this exactly once for each result, before any transport sees the list.
        errors[:] = presented(errors)


def build_schema(
    query: type, mutation: type | None = None, subscription: type | None = None, types: Iterable[type] = ()
) -> Schema:
    """The schema, with our scalars, limits and errors. `types` are those only reached through interfaces."""
    documents = Documents()
    schema = Schema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        extensions=reading(documents),
        execution_context_class=Executor,
        # Not sort_schema: the copy it makes of every enum can no longer serialise its members.
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    schema.documents = documents
    return schema
