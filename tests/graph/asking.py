"""Asking the small schema without a server in between."""

from typing import TYPE_CHECKING, Any, cast

from strawberry.types import ExecutionResult

from graph.context import Context
from graph.permissions import Viewer
from graph.sockets import Sockets
from tests.graph.small import OWNER, SCHEMA

if TYPE_CHECKING:
    from engine.engine import Engine


class NoEngine:
    """Stands behind a schema that has no rows. It can be told of refusals, as every engine."""

    def __init__(self) -> None:
        self.refusals = self

    async def note(self, *_refusal: object) -> None: ...


def context(viewer: Viewer | None = OWNER) -> Context:
    return Context(cast(Viewer, viewer), cast("Engine", NoEngine()), Sockets())


async def ask(query: str, *, viewer: Viewer | None = OWNER, **variables: object) -> ExecutionResult:
    return await SCHEMA.execute(query, variable_values=variables, context_value=context(viewer))


async def data(query: str, **variables: object) -> dict[str, Any]:
    """What a query without errors answers."""
    result = await ask(query, viewer=OWNER, **variables)
    assert not result.errors
    return cast(dict[str, Any], result.data)


async def errors(query: str, *, viewer: Viewer | None = OWNER, **variables: object) -> list[Any]:
    """The top-level errors, as clients see them."""
    result = await ask(query, viewer=viewer, **variables)
    return [error.formatted for error in result.errors or ()]
