"""What a type may say of its fields, for their values to be found for many objects at once."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Reads: TypeAlias = Mapping[type, frozenset[str] | None]
"""Which attributes of its row each view is asked for; None: any of them."""

Asked: TypeAlias = tuple[str | int, ...]
"""What a field is asked for by: its type, and the identities of its nodes in the document."""

MADE = "made"
"""The key, in the metadata of a field, of how it is `Made`."""


class Made(NamedTuple):
    """From which attributes of the row a field is made, and how; a field without a function has a resolver."""

    attributes: tuple[str, ...]
    function: Callable[..., Any] | None = None


class ViewOf(Protocol):
    """A type whose objects have nothing but a row, in the attribute of this name.

    A field of such a type has a resolver; or is `Made`; or is the attribute of the row that is called as it is.
    Rows are of any class. One that has a `columns_of` knows how to read many of its rows at once, and its rows are
    tuples: what is made of them without a resolver is made of their values alone, and kept for rows that are equal.
    """

    row_attribute: ClassVar[str]


class Rows(Protocol):
    """A class of rows that reads many of them at once."""

    @classmethod
    def columns_of(cls, rows: Sequence[Any]) -> "Read":
        """What gives the values of the attribute of a name, for all of these rows."""


Read: TypeAlias = Callable[[str], Sequence[Any]]
"""The values of one attribute of some objects, or of their rows where they are views."""


def rows_of(objects: Sequence[Any], view: Any) -> tuple[Sequence[Any], type[Rows] | None]:
    """What the attributes of objects of this class are read of, and what knows how to read them all at once."""
    if row := getattr(view, "row_attribute", None):
        objects = list(map(attrgetter(row), objects))
        kinds = set(map(type, objects))
        if len(kinds) == 1 and hasattr(kind := kinds.pop(), "columns_of"):
            return objects, kind
    return objects, None


def reading(rows: Sequence[Any], kind: type[Rows] | None) -> Read:
    """What reads the attributes of such rows."""
    return kind.columns_of(rows) if kind else lambda name: list(map(attrgetter(name), rows))


class Batched(StrawberryField):
    """A field whose values are found for many objects at once."""

    attributes: tuple[str, ...] = ()
    """What it reads of its objects; of their rows, where they are views."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.init = self.repr = self.compare = False  # its value is no attribute

    def found(
        self, context: Any, columns: Sequence[Sequence[Any]], reads: Reads
    ) -> Sequence[object] | Awaitable[Sequence[object]]:
        """The value for each object, in their order, with all that will be read of it.

        `columns` has, for each of the `attributes`, those of all the objects.
        """
        raise NotImplementedError

    @property
    def is_basic_field(self) -> bool:
        return False


def asked(parent: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Asked:
    """By what a field of this type is asked for, whose nodes in the document are these."""
    return (parent.name, *map(id, nodes))


def declared(field: GraphQLField) -> StrawberryField | None:
    """What Strawberry knows of a field."""
    found = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return found if isinstance(found, StrawberryField) else None


def is_plain(field: StrawberryField) -> bool:
    """Whether its value is an attribute of its object, and nothing else happens when it is resolved."""
    usual = type(field).get_result is StrawberryField.get_result and field.default_resolver is getattr
    return field.is_basic_field and usual and not field.arguments
