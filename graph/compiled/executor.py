"""Executes operations by plans that are compiled once, with the answers that graphql-core gives.

The fields of the root are resolved by graphql-core. What they come to is completed by columns: one field of all
objects of a list at once, and then the next, so that what is loaded is loaded once for all of them. Whatever that
meets with and does not know, an error above all, makes the answer void: the operation is executed once more, by
graphql-core alone, with what the resolvers of the root have given already. These are never called twice.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import partial
from inspect import isawaitable
from typing import Any, cast
from weakref import finalize

from graphql import (
    ExecutionResult,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    MiddlewareManager,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.compiled.columns import Column, Completer, Run
from graph.compiled.fields import Asked, Reads
from graph.compiled.plans import Plan

_MOST_PLANS = 8  # of one operation: it has one for each choice of values that directives of its fields depend on

_PLAINLY: ContextVar[bool] = ContextVar("_PLAINLY", default=False)


@contextmanager
def plainly() -> Iterator[None]:
    """Within it, operations are executed by graphql-core alone."""
    token = _PLAINLY.set(True)
    try:
        yield
    finally:
        _PLAINLY.reset(token)


class CompilingExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of a Strawberry schema: `Schema(execution_context_class=CompilingExecutor)`."""

    _compiles = False
    _plan: Plan | None = None

    def planned(self, reads: Mapping[Asked, Reads]) -> None:
        """Called before anything is resolved, with what will be read of views below fields that have resolvers.

        All fields of the root are there; of those below an interface or a union, only those that were met before.
        """

    def void(self, answer: ExecutionResult) -> None:
        """Called when the operation has to be executed once more, by graphql-core alone."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        if not self._can_compile():
            return super().execute_operation(serially)
        self._compiles, self.middleware_manager = True, _Once()
        result = super().execute_operation(serially)
        if isawaitable(result):
            return self._checked(cast(Awaitable[ExecutionResult], result), serially)
        answer = cast(ExecutionResult, result)
        return self._again(answer, serially) if answer.errors else answer

    async def _checked(self, result: Awaitable[ExecutionResult], serially: bool | None) -> Any:
        answer = await result
        if not answer.errors:
            return answer
        again = self._again(answer, serially)
        return await again if isawaitable(again) else again

    def _again(self, answer: ExecutionResult, serially: bool | None) -> Any:
        self.void(answer)
        again = copy(self)  # what still goes on in the background tells its errors to the one before
        again.collected_errors, again._compiles, again._plan = CollectedErrors(), False, None
        return super(CompilingExecutor, again).execute_operation(serially)

    def _can_compile(self) -> bool:
        """Whether nobody wants to see or change how it is executed."""
        manager = self.middleware_manager
        seen = manager is not None and (type(manager) is not MiddlewareManager or manager.middlewares)
        unusual = seen or self.abort_signal or self.hooks or self.enable_early_execution
        return not unusual and self.error_propagation and not _PLAINLY.get()

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Any,
    ) -> Any:
        # After the first of several mutations the answer to it is complete, and must not be found once more later.
        if self._compiles and not new_defer_usages and not (serially and len(grouped_field_set) > 1):
            self._plan = _plans_of(self.operation).plan(self, root_type, grouped_field_set)
            self.planned(self._plan.reads)
            grouped_field_set = self._plan.fields
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if self._plan and (completer := self._plan.completer(return_type, field_details_list)):
            return _completed(self, completer, result, path)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


def _completed(executor: CompilingExecutor, completer: Completer, value: object, path: Path) -> Any:
    run = Run(executor)
    try:
        column = completer(run, [value], [path] if completer.wants_paths else None)
    except Exception:
        run.give_up()
        raise
    return _settled(run, column) if run.pending else column[0]


async def _settled(run: Run, column: Column) -> Any:
    try:
        await run.settle()
    except Exception:
        run.give_up()
        raise
    return column[0]


class _Once(MiddlewareManager):
    """Has the resolver of each field of the root called once, however often the operation is executed."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str | int, Callable[[], Any]] = {}

    def get_field_resolver(self, field_resolver: Callable[..., Any] | None) -> Any:
        def resolved(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            assert field_resolver
            if info.path.prev is not None:
                return field_resolver(source, info, **arguments)
            if (key := info.path.key) in self._known:
                return self._known[key]()
            return self._noted(key, partial(field_resolver, source, info, **arguments))

        return resolved

    def _noted(self, key: str | int, resolve: Callable[[], Any]) -> Any:
        try:
            value = resolve()
        except Exception as error:
            self._known[key] = partial(_fail, error)
            raise
        if isawaitable(value):
            return self._awaited(key, value)
        self._known[key] = lambda: value
        return value

    async def _awaited(self, key: str | int, awaitable: Awaitable[Any]) -> Any:
        try:
            value = await awaitable
        except Exception as error:
            self._known[key] = partial(_fail_later, error)
            raise
        self._known[key] = partial(_later, value)
        return value


def _fail(error: Exception) -> Any:
    raise error


async def _fail_later(error: Exception) -> Any:
    raise error


async def _later(value: object) -> object:
    return value


class _Plans:
    """The plans of one operation, by the values of the variables that decide what of it is left out."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        self._selections = operation.selection_set
        self._deciding: tuple[str, ...] | None = None
        self._known: dict[tuple[object, ...], Plan] = {}

    def plan(self, executor: CompilingExecutor, root: GraphQLObjectType, fields: GroupedFieldSet) -> Plan:
        if self._deciding is None:
            self._deciding = tuple(sorted(_deciding(self._selections, executor)))
        values = executor.variable_values.coerced
        key = (executor.schema, *(values.get(name, Undefined) for name in self._deciding))
        if (found := self._known.get(key)) is not None:
            return found
        if len(self._known) == _MOST_PLANS:
            self._known.clear()
        plan = self._known[key] = Plan(executor, root, fields)
        return plan


_KNOWN: dict[int, _Plans] = {}


def _plans_of(operation: OperationDefinitionNode) -> _Plans:
    """The plans of this very operation, which are forgotten with it."""
    # By identity: to compare two operations, or to hash one, is to walk through all of it.
    if (found := _KNOWN.get(id(operation))) is None:
        found = _KNOWN[id(operation)] = _Plans(operation)
        finalize(operation, _KNOWN.pop, id(operation), None).atexit = False
    return found


def _deciding(selections: SelectionSetNode, executor: CompilingExecutor) -> set[str]:
    """The variables in the directives of fields and fragments."""
    found: set[str] = set()
    fragments = [each.selection_set for each in executor.fragment_definitions.values()]
    waiting = [selections, *fragments]
    while waiting:
        for node in waiting.pop().selections:
            arguments = (argument for each in node.directives or () for argument in each.arguments or ())
            found |= {each.value.name.value for each in arguments if isinstance(each.value, VariableNode)}
            if not isinstance(node, FragmentSpreadNode) and (below := getattr(node, "selection_set", None)):
                waiting.append(below)
    return found
