"""Where what went wrong becomes words for a client.

What a person can mend is data in the payload of a mutation (`ErrorsAsData`). Everything else is a top-level
error with extensions.code (`presented`). What we did not expect is a bug: masked, and logged once, under the
id that the client sees.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, cast

import strawberry
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import FieldExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from db.errors import DatabaseUnusable
from engine.accounts.acting import acting
from engine.accounts.authority import INSTALLATION, Place
from engine.accounts.viewer import Viewer
from engine.concurrency import to_its_end
from engine.errors import DockerFailure, DockerUnreachable, EngineError, ErrorCode, ProxyFailure, Refused
from graph.enums import described

log = logging.getLogger(__name__)

described(
    ErrorCode,
    "What kind of mistake a UserError is about.",
    NOT_FOUND="There is no such thing, or it is not yours.",
    INVALID_INPUT="A value cannot be used.",
    CONFLICT="Something that exists stands in the way.",
    NAME_TAKEN="Something else has this name already.",
    ROUTE_TAKEN="Another domain answers for this host and path already.",
    NOT_NOW="The thing is in a state that does not allow this.",
    CURSOR_EXPIRED="The event log does not reach back as far as the cursor asks.",
)


class TookTooLong(Exception):
    """An operation was given up. `str(error)` says after which time."""


_EXPECTED = (
    EngineError,
    TookTooLong,
    DatabaseUnusable,
    GraphQLError,
    MissingQueryError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
BAD_REQUEST = "BAD_REQUEST"  # the code of what is no request of this schema
TIMEOUT = "TIMEOUT"  # the code of what took too long
TOO_LARGE = "TOO_LARGE"  # the code of what asks for more than one request may
_LONGEST_MESSAGE = 500
# Left out, or null by a variable that need not be: graphql-core finds this later than all else that is wrong with it.
_ARGUMENT = re.compile(r"Argument '(?:\w+\.\w+\()?(\w+)(?::\))?' (?:has invalid value|of .* is required)")
# What graphql-core does not read to its end.
_NOT_READ = re.compile(r"Syntax Error: (Document (contains more|is nested)|Source contains more)")


@strawberry.type(description="A mistake that the person who asked can mend.")
class UserError:
    code: ErrorCode = strawberry.field(description="What kind of mistake it is.")
    message: str = strawberry.field(description="A sentence to show to that person.")
    field: list[str] | None = strawberry.field(
        description="The path to the input field at fault, such as ['input', 'host'], or null."
    )

    @classmethod
    def of(cls, error: Refused) -> "UserError":
        return cls(code=error.code, message=error.sentence, field=list(error.field) or None)


@strawberry.type
class Payload:
    """Base of every mutation's payload. Beside `errors` goes the thing, nullable, None by default."""

    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done. Empty when the mutation was carried out."
    )


class Forbidden(GraphQLError):
    """The refusal of what somebody knows of, and may not do: they lack the permission `needed`, such as
    "deploy Application", in this place.
    """

    def __init__(self, sentence: str, needed: str = "", place: Place = INSTALLATION) -> None:
        super().__init__(sentence, extensions={"code": "FORBIDDEN"})
        self.needed = needed
        self.place = place


class ErrorsAsData(FieldExtension):
    """On a mutation: what it refuses is returned in the `errors` of its Payload instead of being raised.

    So is what is wrong with its input, with which nothing is asked of its resolver. To report several mistakes at
    once, raise an ExceptionGroup of Refused. Once begun, a mutation runs to its end, whether or not somebody waits.
    """

    def apply(self, field: StrawberryField) -> None:
        self._field = field

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: strawberry.Info[Any], **kwargs: object
    ) -> object:
        if mistakes := info.context.mistakes.get(info.path.key):
            return self.told(mistakes)
        return await to_its_end(self._done(next_(source, info, **kwargs), info.context.viewer))

    async def _done(self, mutation: Awaitable[object], viewer: Viewer) -> object:
        try:
            with acting(viewer, to_camel_case(self._field.python_name)):
                return await mutation
        except Refused as error:
            return self.told([error])
        except ExceptionGroup as group:
            refused, bugs = group.split(Refused)
            if bugs or not refused:
                raise
            return self.told(_leaves(refused))

    def told(self, refused: Iterable[Refused]) -> object:
        """The payload that tells of nothing but these."""
        payload = cast("type[Payload]", self._field.type)
        return payload(errors=[UserError.of(error) for error in refused])


def _leaves(group: ExceptionGroup[Refused]) -> Iterator[Refused]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def presented(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """The errors as clients may see them. Bugs are logged here, each once however many fields it broke."""
    ids: dict[int, str] = {}
    return [_presented(error, ids) for error in errors]


def failed_as_a_whole(result: ExecutionResult) -> bool:
    """Whether nothing was executed, or a subscription broke: errors, no data, and no field they belong to."""
    return result.data is None and all(error.path is None for error in result.errors or ())


def masked(cause: BaseException) -> GraphQLError:
    """A bug, logged with its traceback, as the client is told of it."""
    return _masked_as(_logged(cause))


def _presented(error: GraphQLError, ids: dict[int, str]) -> GraphQLError:
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        error.extensions = error.extensions or _extensions_of_graphql(error.message)
        error.message = _legible(error.message)
        return error
    if isinstance(cause, _EXPECTED):
        error.extensions = _extensions(cause)
        return error
    known = ids.get(id(cause)) or ids.setdefault(id(cause), _logged(cause))
    return _masked_as(known, error)


def _extensions(cause: Exception) -> dict[str, object]:
    match cause:
        case Refused(field=()):
            return {"code": cause.code.value}
        case Refused():
            return {"code": cause.code.value, "field": list(cause.field)}
        case DockerUnreachable():
            return {"code": "ENGINE_UNREACHABLE"}
        case DockerFailure():
            return {"code": "ENGINE_FAILURE"}
        case DatabaseUnusable():
            return {"code": "DATABASE_UNUSABLE"}
        case ProxyFailure():
            return {"code": "PROXY_FAILURE"}
        case TookTooLong():
            return {"code": TIMEOUT}
        case _:
            return {"code": BAD_REQUEST}


def _extensions_of_graphql(message: str) -> dict[str, object]:
    if found := _ARGUMENT.match(message):
        return {"code": ErrorCode.INVALID_INPUT.value, "field": [found[1]]}
    return {"code": TOO_LARGE if _NOT_READ.match(message) else BAD_REQUEST}


def _legible(message: str) -> str:
    """What graphql-core says, which may repeat anything that was sent, as a line of text that can be shown."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message[:_LONGEST_MESSAGE])
    return shown if len(message) <= _LONGEST_MESSAGE else shown + "…"


def _logged(cause: BaseException) -> str:
    known = secrets.token_hex(6)
    log.error("A bug, shown to a client as error %s.", known, exc_info=cause)
    return known


def _masked_as(known: str, error: GraphQLError | None = None) -> GraphQLError:
    return GraphQLError(
        f"Something went wrong on our side (error {known}).",
        nodes=error.nodes if error else None,
        path=error.path if error else None,
        extensions={"code": "INTERNAL", "id": known},
    )
