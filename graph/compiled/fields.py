"""What a type may say of its fields, for their values to be found for many objects at once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Reads: TypeAlias = Mapping[type, frozenset[str] | None]
"""Which attributes of its row each view is asked for; None: any of them."""

MADE = "made"
"""The key, in the metadata of a field, of how it is `Made`."""


class Made(NamedTuple):
    """From which attributes of the row a field is made, and how; a field without a function has a resolver."""

    attributes: tuple[str, ...]
    function: Callable[..., Any] | None = None


class ViewOf(Protocol):
    """A type whose objects have nothing but a row, in the attribute of this name.

    A field of such a type has a resolver; or is `Made`; or is the attribute of the row that is called as it is.
    """

    row_attribute: ClassVar[str]


class Batched(StrawberryField):
    """A field whose values are found for many objects at once."""

    attributes: tuple[str, ...] = ()
    """What it reads of the rows of its objects, where they are views."""

    def found(
        self, context: Any, objects: Sequence[Any], reads: Reads
    ) -> Sequence[object] | Awaitable[Sequence[object]]:
        """The value for each of these objects, in their order, which has to hold what will be read."""
        raise NotImplementedError

    @property
    def is_basic_field(self) -> bool:
        return False


def declared(field: GraphQLField) -> StrawberryField | None:
    """What Strawberry knows of a field."""
    found = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return found if isinstance(found, StrawberryField) else None


def is_plain(field: StrawberryField) -> bool:
    """Whether its value is an attribute of its object, and nothing else happens when it is resolved."""
    usual = type(field).get_result is StrawberryField.get_result and field.default_resolver is getattr
    return field.is_basic_field and usual and not field.arguments
