"""From root types to the schema that is served."""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeAlias, cast

import strawberry
from graphql import ExecutionResult as GraphQLExecutionResult
from graphql import GraphQLError, execute
from graphql.pyutils import AwaitableOrValue
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType as Kind

from graph.documents import Documents, reading, told_of_cost
from graph.errors import presented
from graph.executor import Executor
from graph.limits import in_time
from graph.scalars import SCALARS

Running: TypeAlias = Coroutine[Any, Any, GraphQLExecutionResult]


class Schema(strawberry.Schema):
    """A schema that gives up what takes too long, and shows clients what `graph.errors` makes of an error.

    `documents` are those it remembers. An operation of one that was executed before goes straight to its execution,
    without Strawberry's extensions; which must be those of `graph.documents` only.
    """

    documents: Documents

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[Kind] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        document, values = self.documents.known(query or ""), variable_values or {}
        ready = document.ready(operation_name, values) if document else None
        if not document or not ready or ready.kind not in (allowed_operation_types or Kind):
            return await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        execution = partial(
            execute,
            self._schema,
            document.node,
            root_value,
            context_value,
            values,
            operation_name,
            executor_class=self.execution_context_class,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it guards nothing
            operation_extensions=operation_extensions,
        )
        result = await _result(execution)
        if result.errors:
            self.process_errors(result.errors)
        told = told_of_cost(ready.structure, values, operation_extensions)
        return ExecutionResult(result.data, result.errors, told)

    async def _execute_operation(self, *args: Any, **kwargs: Any) -> Any:
        # Not by an extension: around every operation, one that is a coroutine takes as long as a small query.
        return await in_time(super()._execute_operation(*args, **kwargs))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        # In place: Strawberry calls this exactly once for each result, before any transport sees the list.
        errors[:] = presented(errors)


async def _result(execution: Callable[[], AwaitableOrValue[GraphQLExecutionResult]]) -> GraphQLExecutionResult:
    try:
        result = execution()
        return result if isinstance(result, GraphQLExecutionResult) else await in_time(cast(Running, result))
    except Exception as error:  # noqa: BLE001 process_errors() masks it
        return GraphQLExecutionResult(None, [GraphQLError(str(error), original_error=error)])


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
