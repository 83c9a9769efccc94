"""Which things a request names: every id in the arguments of a field, however deep in its input.

What is made in a team need not name it, where only one can be meant.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import strawberry
from sqlmodel import Session, select
from strawberry.types.base import (
    StrawberryContainer,
    StrawberryList,
    StrawberryObjectDefinition,
    has_object_definition,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from db.models import Team
from engine.accounts.authority import EVERYTHING, Action, Noun
from engine.accounts.viewer import Viewer
from engine.errors import InvalidInput
from graph.ids import global_id, local_id


@strawberry.input
class InTeam:
    """Base of the inputs for what is made in a team."""

    team_id: strawberry.ID | None = strawberry.field(
        default=None, description="The team it shall belong to; null: the only one in which the viewer may do this."
    )

    @property
    def team_key(self) -> str:
        return local_id("Team", str(self.team_id), field=("input", "teamId"))


def fill_in_team(info: Any, viewer: Viewer, given: object, action: Action, noun: Noun) -> None:
    """Name the team that is meant by an input that names none. Raises `InvalidInput` where it may be several."""
    if not isinstance(given, InTeam) or given.team_id is not None:
        return
    if viewer.authority == EVERYTHING:
        teams = set(info.context.engine.sessions.read_now(_team_ids))
    else:
        teams = {place.team_id for place in viewer.authority.places(action, noun) if place.team_id}
    if len(teams) == 1:
        given.team_id = global_id("Team", teams.pop())
    elif teams:
        raise InvalidInput("Say for which team: there are several.", field=("input", "teamId"))


def _team_ids(session: Session) -> Sequence[str]:
    return session.exec(select(Team.id).limit(2)).all()


def named(field: StrawberryField, arguments: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The path, in names of the schema, and the text of each id that is given."""
    for argument in field.arguments:
        if argument.python_name in arguments:
            name = to_camel_case(argument.python_name)
            yield from _ids(argument.type, arguments[argument.python_name], (name,))


def _ids(kind: object, value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, strawberry.Some):
        value = value.value
    if value is None or value is strawberry.UNSET:
        return
    if isinstance(kind, StrawberryList):
        for each in value if isinstance(value, list) else ():
            yield from _ids(kind.of_type, each, path)
    elif isinstance(kind, StrawberryContainer):  # Optional, Maybe
        yield from _ids(kind.of_type, value, path)
    elif kind is strawberry.ID:
        yield path, str(value)
    elif has_object_definition(kind):
        yield from _ids_in(kind.__strawberry_definition__, value, path)


def _ids_in(
    definition: StrawberryObjectDefinition, value: object, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for field in definition.fields:
        yield from _ids(field.type, getattr(value, field.python_name), (*path, to_camel_case(field.python_name)))
