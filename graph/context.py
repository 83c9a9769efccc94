"""What every resolver is given."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar

import strawberry
from graphql import GraphQLError
from sqlmodel import Session
from strawberry.dataloader import DataLoader

from engine.accounts.authority import Authority
from engine.accounts.viewer import Viewer
from engine.errors import InvalidInput
from graph.compiled import Asked, Reads
from graph.following import Following
from graph.sockets import Sockets
from graph.visits import Visit

if TYPE_CHECKING:
    from engine.engine import Engine
    from graph.loading import Loader

K = TypeVar("K")
P = ParamSpec("P")
V = TypeVar("V")


class Reader(NamedTuple):
    """Who reads, from what."""

    engine: "Engine"
    authority: Authority


@dataclass(frozen=True)
class Context:
    """One for each HTTP request, and one for each operation on a websocket.

    `visit` is the HTTP request, None on a websocket. `mistakes` are those in what its mutations are given, by the
    names of their answers. `asked` is what is read below fields that have resolvers.
    """

    viewer: Viewer
    engine: "Engine"
    sockets: Sockets
    mistakes: dict[str, list[InvalidInput]] = field(default_factory=dict, init=False, repr=False)
    asked: dict[Asked, Reads] = field(default_factory=dict, init=False, repr=False)
    following: Following = field(default_factory=Following, repr=False)
    visit: Visit | None = field(default=None, repr=False)
    _loaders: dict[object, DataLoader[Any, Any]] = field(default_factory=dict, init=False, repr=False)

    def load(self, fetch: Callable[["Reader", list[K]], Awaitable[Sequence[V]]], key: K) -> Awaitable[V]:
        """What `fetch` finds for this key, asked together with the keys of all sibling fields.

        `fetch` is a function of a module. It answers in the order of its keys, which may repeat.
        """
        loader = self._loaders.get(fetch)
        if loader is None:
            # A subscription lives for days: a loader with a cache would show it the same rows all that time.
            loader = self._loaders[fetch] = DataLoader(partial(fetch, self.reader), cache=False)
        elif loader.batch and all(task.future.cancelled() for task in loader.batch.tasks):
            # Such a batch is never dispatched, and whoever joined it would wait for ever.
            loader.batch = None
        return loader.load(key)

    def load_now(self, loader: "Loader[V]", keys: list[str], columns: frozenset[str] | None) -> list[V]:
        """What this loader finds for each of these keys, with no more than these columns; None: with all."""
        return loader.stored(self.reader, keys, columns)

    @property
    def reader(self) -> Reader:
        return Reader(self.engine, self.viewer.authority)

    @property
    def browser(self) -> Visit:
        """Who can be given a cookie. Raises, on a websocket, what is told instead."""
        if self.visit is None:
            raise GraphQLError("This sets a cookie: send it over HTTP.", extensions={"code": "BAD_REQUEST"})
        return self.visit

    async def read(
        self, query: Callable[Concatenate[Session, Authority, P], V], *args: P.args, **kwargs: P.kwargs
    ) -> V:
        """What `query` finds among the rows that the viewer may see, whose authority it is given."""
        return await self.engine.sessions.read(query, self.viewer.authority, *args, **kwargs)


Info: TypeAlias = strawberry.Info[Context, None]
