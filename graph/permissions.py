"""Who may use a root field: `Needs` asks the one function that decides, before the field resolves.

What a field names by an id is looked at too. A thing that the viewer may not read is not found, whatever else there
is; a thing that they may read, and not do this to, is forbidden. What a field gives is filtered where it is read:
see `Context.load` and `Context.read`.
"""

from collections.abc import Iterator, Mapping
from inspect import isasyncgen
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from engine.accounts.authority import EVERYTHING, INSTALLATION, Action, Noun, Place
from engine.accounts.viewer import Viewer, anyone_with
from engine.accounts.visible import is_visible, noun_of, owner_of, place_of
from engine.errors import Refused
from graph.errors import ErrorsAsData, Forbidden
from graph.ids import no_such, read_global_id
from graph.subjects import fill_in_team, named

__all__ = [
    "Action",
    "Needs",
    "NeedsToReadNode",
    "Noun",
    "OwnSession",
    "Public",
    "SignedIn",
    "Viewer",
    "anyone_with",
    "guarded_by",
    "unguarded",
]


# What is named to be used, not to have something done to it, unless the field is about this very noun.
_USED = {Noun.CERTIFICATE, Noun.CERTIFICATE_RESOLVER, Noun.USER}


class Guard(FieldExtension):
    """What every root field has one of."""

    def apply(self, field: StrawberryField) -> None:
        self._field = field

    def refuses(self, info: strawberry.Info[Any, Any], arguments: Mapping[str, object]) -> bool:
        """Whether the answer is null; raises what is to be told instead."""
        raise NotImplementedError

    def resolve(self, next_: Any, source: object, info: strawberry.Info[Any, Any], **kwargs: object) -> Any:
        return None if self.refuses(info, kwargs) else next_(source, info, **kwargs)

    async def resolve_async(
        self, next_: Any, source: object, info: strawberry.Info[Any, Any], **kwargs: object
    ) -> Any:
        try:
            if self.refuses(info, kwargs):
                return None
        except Refused as error:
            for extension in self._field.extensions:
                if isinstance(extension, ErrorsAsData):
                    return extension.told([error])
            raise
        except Forbidden as refusal:
            if any(isinstance(extension, ErrorsAsData) for extension in self._field.extensions):
                await self._note(info.context, refusal)
            raise
        answer = next_(source, info, **kwargs)
        return answer if isasyncgen(answer) else await answer

    async def _note(self, context: Any, refusal: Forbidden) -> None:
        action = to_camel_case(self._field.python_name)
        await context.engine.refusals.note(context.viewer, action, refusal.needed, refusal.place)


class Needs(Guard):
    """Refuses a query, mutation or subscription field to everybody who may not do this action with this noun.

    A top-level error says so, with extensions.code UNAUTHENTICATED or FORBIDDEN; the resolver does not run. `or_own`:
    those may too whom the things belong to that are named, with a browser, and not by a token, which may be for
    something else. `anywhere`: where nothing is named, it is enough to be allowed it in some place.
    """

    def __init__(self, action: Action, noun: Noun, *, or_own: bool = False, anywhere: bool = False) -> None:
        self.action = action
        self.noun = noun
        self._or_own = or_own
        self._anywhere = anywhere

    def refuses(self, info: strawberry.Info[Any, Any], arguments: Mapping[str, object]) -> bool:
        viewer = _signed_in(info)
        fill_in_team(info, viewer, arguments.get("input"), self.action, self.noun)
        if viewer.authority == EVERYTHING:
            return False
        if not viewer.authority.allows_somewhere(self.action, self.noun) and not self._may_own(viewer):
            raise self._forbidden(self._where(info, viewer, arguments))
        if info.context.mistakes.get(info.path.key):  # nothing will be done: what is wrong with the input is told
            return False
        things = list(named(self._field, arguments))
        if not things and self.action is not Action.READ and not self._anywhere:
            self._check(viewer, INSTALLATION)
        return any(self._refuses_thing(info, viewer, path, given) for path, given in things)

    def _refuses_thing(
        self, info: strawberry.Info[Any, Any], viewer: Viewer, path: tuple[str, ...], given: str
    ) -> bool:
        kind, key = read_global_id(given) or ("", "")
        noun, read = noun_of(kind), info.context.engine.sessions.read_kept
        if noun is None:  # the resolver says what it wants instead
            return False
        place = read(place_of, kind, key)
        reads = self.action is Action.READ and path[0] != "input"
        if place is None and reads:  # it may have been there
            return False
        if place is not None and self._is_allowed(viewer, noun, place):
            return False
        if self._may_own(viewer) and viewer.user_id == read(owner_of, kind, key):
            return False
        if read(is_visible, kind, key, viewer.authority):
            if noun in _USED and noun is not self.noun:
                return False
            raise self._forbidden(place or INSTALLATION)
        if reads and self._is_filter(path[0]):  # what is found is filtered: nothing, as of what is not there
            return False
        if reads and isinstance(self._field.type, StrawberryOptional):
            return True
        raise no_such(kind, given, field=path)

    def _may_own(self, viewer: Viewer) -> bool:
        return self._or_own and viewer.session_id is not None

    def _is_filter(self, argument: str) -> bool:
        """Whether this argument of a query only makes a list shorter, which is for the viewer without it too."""
        optional = (each for each in self._field.arguments if isinstance(each.type, StrawberryOptional))
        return not self._field.is_subscription and argument in {to_camel_case(each.python_name) for each in optional}

    def _is_allowed(self, viewer: Viewer, noun: Noun, place: Place) -> bool:
        used = noun in _USED and noun is not self.noun
        action, what = (Action.READ, noun) if used else (self.action, self.noun)
        return viewer.authority.allows(action, what, place)

    def _check(self, viewer: Viewer, place: Place) -> None:
        if not viewer.authority.allows(self.action, self.noun, place):
            raise self._forbidden(place)

    def _forbidden(self, place: Place) -> Forbidden:
        needed = f"{self.action.value} {self.noun.value}"
        return Forbidden(f"You may not do this. It needs: {needed}.", needed, place)

    def _where(self, info: strawberry.Info[Any, Any], viewer: Viewer, arguments: Mapping[str, object]) -> Place:
        """The place of the first thing that is named and that the viewer knows of."""
        for _, given in named(self._field, arguments):
            read = info.context.engine.sessions.read_kept
            kind, key = read_global_id(given) or ("", "")
            if noun_of(kind) and read(is_visible, kind, key, viewer.authority):
                return read(place_of, kind, key) or INSTALLATION
        return INSTALLATION


class SignedIn(Guard):
    """Refuses a field to nobody but those who are nobody: for what is the viewer's own."""

    def refuses(self, info: strawberry.Info[Any, Any], arguments: Mapping[str, object]) -> bool:
        _signed_in(info)
        return False


class OwnSession(Guard):
    """Refuses a field to everybody but those who are signed in with a browser: for what they sign in with."""

    def refuses(self, info: strawberry.Info[Any, Any], arguments: Mapping[str, object]) -> bool:
        if _signed_in(info).session_id is None:
            raise Forbidden("This is for people who are signed in with a browser, not for tokens.")
        return False


class Public(Guard):
    """Refuses nobody: for what it takes to sign in. Who has not done so may ask for nothing else."""

    def refuses(self, info: strawberry.Info[Any, Any], arguments: Mapping[str, object]) -> bool:
        return False


class NeedsToReadNode(Guard):
    """For `node(id:)`: null, as for what does not exist, when the id is of a noun the viewer may not read."""

    def refuses(self, info: strawberry.Info[Any, Any], arguments: Mapping[str, object]) -> bool:
        viewer = info.context.viewer
        kind, _ = read_global_id(str(arguments["id"])) or ("", "")
        noun = noun_of(kind)
        return not viewer or noun is None or not viewer.authority.allows_somewhere(Action.READ, noun)


def _signed_in(info: strawberry.Info[Any, Any]) -> Viewer:
    viewer = info.context.viewer
    if not isinstance(viewer, Viewer) or viewer.anonymous:
        raise GraphQLError("Sign in, or send an API token.", extensions={"code": "UNAUTHENTICATED"})
    return viewer


def guarded_by(schema: strawberry.Schema, kind: type[Guard]) -> frozenset[str]:
    """The fields of Query, Mutation and Subscription that have a guard of this kind, such as `Mutation.signIn`."""
    return frozenset(
        name for name, field in _roots(schema) if any(isinstance(each, kind) for each in field.extensions)
    )


def unguarded(schema: strawberry.Schema) -> list[str]:
    """The fields of Query, Mutation and Subscription that anybody could use, such as `Query.node`."""
    return sorted(_unguarded(schema))


def _unguarded(schema: strawberry.Schema) -> Iterator[str]:
    for name, field in _roots(schema):
        if not any(isinstance(extension, Guard) for extension in field.extensions):
            yield name


def _roots(schema: strawberry.Schema) -> Iterator[tuple[str, StrawberryField]]:
    for root in filter(None, (schema.query, schema.mutation, schema.subscription)):
        definition = root.__strawberry_definition__  # type: ignore[attr-defined]
        for field in definition.fields:
            yield f"{definition.name}.{schema.config.name_converter.get_graphql_name(field)}", field
