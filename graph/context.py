"""What every resolver is given."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from engine.errors import InvalidInput
from graph.following import Following
from graph.permissions import Viewer
from graph.sockets import Sockets

if TYPE_CHECKING:
    from engine.engine import Engine

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Context:
    """One for each HTTP request, and one for each operation on a websocket.

    `mistakes` are those in what its mutations are given, by the names of their answers.
    """

    viewer: Viewer
    engine: "Engine"
    sockets: Sockets
    mistakes: dict[str, list[InvalidInput]] = field(default_factory=dict, init=False, repr=False)
    following: Following = field(default_factory=Following, repr=False)
    _loaders: dict[object, DataLoader[Any, Any]] = field(default_factory=dict, init=False, repr=False)

    def load(self, fetch: "Callable[[Engine, list[K]], Awaitable[Sequence[V]]]", key: K) -> Awaitable[V]:
        """What `fetch` finds for this key, asked together with the keys of all sibling fields.

        `fetch` is a function of a module. It answers in the order of its keys, which may repeat.
        """
        if fetch not in self._loaders:
            # A subscription lives for days: a loader with a cache would show it the same rows all that time.
            self._loaders[fetch] = DataLoader(partial(fetch, self.engine), cache=False)
        return self._loaders[fetch].load(key)


Info: TypeAlias = strawberry.Info[Context, None]
