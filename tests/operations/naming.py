"""Every place where the schema takes an id, and operations that name something of another team there."""

from collections.abc import Iterator, Mapping

from graphql import GraphQLField, get_named_type, get_nullable_type, is_leaf_type, is_required_argument

from tests.graph.api.conftest import Json
from tests.graph.api.fuzzing import SCHEMA, Place, good, put, walk
from tests.operations.writing import Operation
from tests.permissions.asking import by_input


def naming(own: Mapping[str, str], foreign: Mapping[str, str]) -> Iterator[Operation]:
    """One operation for each place of an id: all in it is one's own, but what is named there."""
    for kind in ("query", "mutation", "subscription"):
        for name, field in getattr(SCHEMA, f"{kind}_type").fields.items():
            mine, theirs = (_ids(ids, field) for ids in (own, foreign))
            for place in _ids_among(field):
                yield _operation(kind, name, field, mine, place, theirs[str(_last_word(place))])


def _ids(ids: Mapping[str, str], field: GraphQLField) -> dict[str, str]:
    """By the names of arguments and input fields. `id` is that of what is given back, or of anything."""
    asked = ids.get(get_named_type(field.type).name, ids["Application"])
    return {**dict(by_input(ids)), "id": asked, "nounId": ids["Application"]}


def _ids_among(field: GraphQLField) -> Iterator[Place]:
    for name, argument in field.args.items():
        for place, kind in walk(argument.type, (name,)):
            if getattr(get_nullable_type(kind), "name", "") == "ID":
                yield place


def _last_word(place: Place) -> str | int:
    return next(step for step in reversed(place) if isinstance(step, str))


def _operation(kind: str, name: str, field: GraphQLField, ids: dict[str, str], place: Place, named: str) -> Operation:
    wanted = {key: each for key, each in field.args.items() if is_required_argument(each) or key == place[0]}
    values: Json = {key: good(each.type, ids, key) for key, each in wanted.items()}
    declared = ", ".join(f"${key}: {each.type}" for key, each in wanted.items())
    passed = ", ".join(f"{key}: ${key}" for key in wanted)
    errors = "errors { code message field }" if kind == "mutation" else "__typename"
    inner = "" if is_leaf_type(get_named_type(field.type)) else f" {{ {errors} }}"
    return Operation(kind, f"{kind} It({declared}) {{ {name}({passed}){inner} }}", put(values, place, named))
