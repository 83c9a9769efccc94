"""Fields that a loader finds: `environment: Environment = loaded("…", loaders.environment_of, "environment_id")`."""

from asyncio import gather
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from graphql import GraphQLError
from strawberry.types.base import StrawberryContainer
from strawberry.types.lazy_type import LazyType

from graph.compiled import Batched, Reads
from graph.compiled import asked as asked_by
from graph.context import Context, Info
from graph.lists import Listing
from graph.loading import Loader
from graph.schema.rows import View

V = TypeVar("V", bound=View)


class Loaded(Batched):
    """What a loader finds by a column of a view, or an attribute: a thing or a list, as the type of the field says.

    Of a `View` only the columns are loaded that are asked for. Where there is no key, there is nothing.
    """

    _loader: Loader[Any]
    _read: Callable[[Any], Any] | None
    """What makes the key, or None, of what is in the column; None: that is the key."""

    def __copy__(self) -> Any:
        copied = super().__copy__()
        assert isinstance(copied, Loaded)
        copied._loader, copied._read, copied.attributes = self._loader, self._read, self.attributes
        return copied

    @property
    def is_async(self) -> bool:  # a cached property there
        return True

    async def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info
        (key,) = self._keys([getattr(source._row if isinstance(source, View) else source, self.attributes[0])])
        return None if key is None else await self._of(info.context, key)

    def found(self, context: Context, columns: Sequence[Sequence[Any]], reads: Reads) -> Sequence[object]:
        keys = self._keys(columns[0])
        answers = self._answers(context, (key for key in keys if key is not None), reads)
        return [None if key is None else answers[key] for key in keys]

    async def _of(self, context: Context, key: Any) -> object:
        return self._shown(await context.load(self._loader, key), self._kind())

    def _keys(self, column: Sequence[Any]) -> Sequence[Any]:
        return list(map(self._read, column)) if self._read else column

    def _answers(self, context: Context, keys: Iterable[str], reads: Reads) -> dict[str, object]:
        kind, wanted = self._kind(), list(dict.fromkeys(keys))
        asked = asked_of(kind, reads) if issubclass(kind, View) else None
        rows = context.load_now(self._loader, wanted, asked) if wanted else ()
        return {key: self._shown(row, kind) for key, row in zip(wanted, rows, strict=True)}

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


class LoadedEach(Loaded):
    """What a loader finds by the keys that a column holds: a list, without those that are not found."""

    def found(self, context: Context, columns: Sequence[Sequence[Any]], reads: Reads) -> Sequence[object]:
        lists = self._keys(columns[0])
        answers = self._answers(context, chain.from_iterable(keys or () for keys in lists), reads)
        return [None if keys is None else _there(map(answers.__getitem__, keys)) for keys in lists]

    async def _of(self, context: Context, key: Any) -> object:
        return _there(await gather(*(super(LoadedEach, self)._of(context, each) for each in key)))


def loaded(
    description: str, loader: Loader[Any], column: str, read: Callable[[Any], str | None] | None = None
) -> Any:
    """A field that this loader finds by this column of a view, or by this attribute of what is none.

    `read` makes the key of what is in the column, where that is not the key itself.
    """
    return _made(Loaded, description, loader, column, read)


def loaded_each(
    description: str, loader: Loader[Any], column: str, read: Callable[[Any], list[str] | None] | None = None
) -> Any:
    """As `loaded`, where there are several keys in the column, or null."""
    return _made(LoadedEach, description, loader, column, read)


def _made(
    kind: type[Loaded], description: str, loader: Loader[Any], column: str, read: Callable[[Any], Any] | None
) -> Loaded:
    field = kind(description=description)
    field._loader, field._read, field.attributes = loader, read, (column,)
    return field


def _there(found: Iterable[object]) -> list[object]:
    return [each for each in found if each is not None]


def listed(info: Info, listing: Listing, view: type[V]) -> list[V]:
    """All that the viewer may see, as what this field of the root answers."""
    return list(map(view.of, listing.stored(info.context.reader, asked(info, view))))


def asked(info: Info, view: type[View]) -> frozenset[str] | None:
    """The columns that are read of the rows which this field's resolver finds; None: perhaps all."""
    raw = info._raw_info
    reads = info.context.asked.get(asked_by(raw.parent_type, raw.field_nodes))
    return None if reads is None else asked_of(view, reads)


def asked_of(view: type, reads: Reads) -> frozenset[str] | None:
    """The columns that are read of a view; None: perhaps all."""
    return None if object in reads else reads.get(view, frozenset())
