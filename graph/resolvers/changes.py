"""The three things an optional field of an update can say: nothing, null, a value."""

from collections.abc import Container
from dataclasses import fields

import strawberry
from strawberry.utils.str_converters import to_camel_case

from engine.errors import InvalidInput


def changes(input: object, clearable: Container[str] = ()) -> dict[str, object]:
    """The optional fields of `input` that the client wrote. Refuses null for those that are not `clearable`."""
    written = {field.name: getattr(input, field.name) for field in fields(input)}  # type: ignore[arg-type]
    given = {name: maybe.value for name, maybe in written.items() if isinstance(maybe, strawberry.Some)}
    nulls = [name for name, value in given.items() if value is None and name not in clearable]
    if nulls:
        raise ExceptionGroup("null where a value is needed", [_refusal(to_camel_case(name)) for name in nulls])
    return given


def _refusal(name: str) -> InvalidInput:
    return InvalidInput(f"{name} cannot be null. Leave it out to keep what it is.", field=("input", name))
