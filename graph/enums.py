"""Enums of the lower layers as GraphQL enums, every value explained."""

from enum import Enum

import strawberry


def described(kind: type[Enum], description: str, **values: str) -> None:
    """Make `kind` usable in GraphQL as it is. Every member needs its explanation, given by name."""
    strawberry.enum(kind, description=description)
    for value in kind.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values.pop(value.name)
    if values:
        raise ValueError(f"{kind.__name__} has no {', '.join(values)}")
