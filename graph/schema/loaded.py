"""Fields that a loader finds: `environment: Environment = loaded("…", loaders.environment_of, "environment_id")`."""

from collections.abc import Sequence
from typing import Any, TypeVar

from graphql import GraphQLError
from strawberry.types.base import StrawberryContainer
from strawberry.types.lazy_type import LazyType

from graph.compiled import Batched, Reads
from graph.context import Context, Info
from graph.lists import Listing
from graph.loading import Loader
from graph.schema.rows import View

V = TypeVar("V", bound=View)


class Loaded(Batched):
    """What a loader finds by a column of a view, or an attribute: a thing or a list, as the type of the field says.

    Of a `View` only the columns are loaded that are asked for. Where the column is null, there is nothing.
    """

    _loader: Loader[Any]

    def __copy__(self) -> Any:
        copied = super().__copy__()
        assert isinstance(copied, Loaded)
        copied._loader, copied.attributes = self._loader, self.attributes
        return copied

    @property
    def is_async(self) -> bool:  # a cached property there
        return True

    async def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info
        key = getattr(source._row if isinstance(source, View) else source, self.attributes[0])
        return None if key is None else self._shown(await info.context.load(self._loader, key), self._kind())

    def found(self, context: Context, columns: Sequence[Sequence[Any]], reads: Reads) -> Sequence[object]:
        (keys,) = columns
        kind, wanted = self._kind(), list(dict.fromkeys(key for key in keys if key is not None))
        asked = asked_of(kind, reads) if issubclass(kind, View) else None
        rows = context.load_now(self._loader, wanted, asked) if wanted else ()
        answers: dict[object, object] = {key: self._shown(row, kind) for key, row in zip(wanted, rows, strict=True)}
        return [None if key is None else answers[key] for key in keys]

    def _kind(self) -> Any:
        kind: Any = self.type
        while isinstance(kind, (StrawberryContainer, LazyType)):
            kind = kind.of_type if isinstance(kind, StrawberryContainer) else kind.resolve_type()
        return kind

    def _shown(self, found: Any, kind: Any) -> object:
        if isinstance(found, GraphQLError):
            raise found
        if isinstance(found, list):
            return list(map(kind.of, found))
        return None if found is None else kind.of(found)


def loaded(description: str, loader: Loader[Any], column: str) -> Any:
    """A field that this loader finds by this column of a view, or by this attribute of what is none."""
    field = Loaded(description=description)
    field._loader, field.attributes = loader, (column,)
    return field


def listed(info: Info, listing: Listing, view: type[V]) -> list[V]:
    """All that the viewer may see, as what this field of the root answers."""
    return list(map(view.of, listing.stored(info.context.reader, asked(info, view))))


def asked(info: Info, view: type[View]) -> frozenset[str] | None:
    """The columns that are read of the rows which this field of the root finds; None: perhaps all."""
    reads = info.context.asked.get(str(info.path.key))
    return None if reads is None else asked_of(view, reads)


def asked_of(view: type, reads: Reads) -> frozenset[str] | None:
    """The columns that are read of a view; None: perhaps all."""
    return None if object in reads else reads.get(view, frozenset())
