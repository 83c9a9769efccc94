"""Root fields: none can be made without saying who may use it, and what it is for."""

from typing import Annotated, Any, TypeVar

import strawberry

from graph.errors import ErrorsAsData
from graph.permissions import Action, Needs, Noun, OwnSession, Public

T = TypeVar("T")

Input = Annotated[T, strawberry.argument(description="What it needs.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


def query(action: Action, noun: Noun, description: str) -> Any:
    return strawberry.field(description=description, extensions=[Needs(action, noun)])


def mutation(
    action: Action,
    noun: Noun,
    description: str,
    *,
    or_own: bool = False,
    anywhere: bool = False,
) -> Any:
    """What the resolver refuses becomes the `errors` of its payload."""
    needs = Needs(action, noun, or_own=or_own, anywhere=anywhere)
    return strawberry.mutation(description=description, extensions=[ErrorsAsData(), needs])


def own_mutation(description: str) -> Any:
    """Of what somebody signs in with: for those who are signed in with a browser."""
    return strawberry.mutation(description=description, extensions=[ErrorsAsData(), OwnSession()])


def public_mutation(description: str) -> Any:
    """For everybody, also for those who are not signed in."""
    return strawberry.mutation(description=description, extensions=[ErrorsAsData(), Public()])


def subscription(action: Action, noun: Noun, description: str) -> Any:
    return strawberry.subscription(description=description, extensions=[Needs(action, noun)])
