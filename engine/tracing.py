"""Traces, where somebody wants them. Nothing here knows who takes them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, TypeAlias

SpanKind: TypeAlias = Literal["internal", "client", "server"]
Attributes: TypeAlias = Mapping[str, str | int]


class Tracing:
    """Takes no traces. Another, which does, says so by `on`.

    Names and attributes come from the program: nothing that a person typed, and no secret, is in them.
    """

    on = False

    def span(
        self,
        name: str,
        kind: SpanKind = "internal",
        attributes: Attributes | None = None,
        carrier: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[object]:
        """A span around what is done inside, below the one that is current, or the one that `carrier` names.

        `carrier` has the headers of a request, in lower case.
        """
        return nullcontext()

    def detail(
        self, name: str, kind: SpanKind = "internal", attributes: Attributes | None = None
    ) -> AbstractContextManager[object]:
        """As `span`, but only as a part of one that is under way: alone, nobody would miss it."""
        return nullcontext()

    def note(self, attributes: Attributes) -> None:
        """Say more of the span that is current."""

    def finish(self) -> None:
        """End the span that is current here already: what follows is no part of it."""

    def close(self) -> None:
        """Hand over what was not yet; blocks for some seconds at most."""


NO_TRACES = Tracing()
