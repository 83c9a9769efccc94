"""Media types of GraphQL over HTTP: what a client accepts, and whether what it sent can be read."""

from functools import lru_cache
from typing import NamedTuple

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"

_REMEMBERED = 256  # headers: clients say the same each time
_UTF_8 = ("utf-8", "utf8")


class _Welcome(NamedTuple):
    quality: float
    named: bool


@lru_cache(_REMEMBERED)
def accepted(header: str | None) -> str | None:
    """The media type to answer a query or a mutation with, or None when the client takes none of ours.

    Among equally welcome ones the one that is named wins, then the modern one. Who names none gets JSON. A stream of
    events is for those who prefer it: clients that list it with the others expect it for subscriptions only.
    """
    ranges = _ranges(header)
    ratings = {media_type: _welcome(ranges, media_type) for media_type in (JSON, GRAPHQL)}
    ratings[EVENTS] = _welcome_if_named(ranges, EVENTS)
    best = max(ratings, key=lambda found: (*ratings[found], ratings[found].named == (found == GRAPHQL)))
    return best if ratings[best].quality > 0 else None


def streamed(header: str | None) -> bool:
    """Whether a subscription can be answered by a stream of events."""
    return _welcome_if_named(_ranges(header), EVENTS).quality > 0


@lru_cache(_REMEMBERED)
def readable(content_type: str) -> bool:
    """Whether a body of this type is JSON in UTF-8."""
    media_type, parameters = _parsed(content_type)
    return media_type == JSON and parameters.get("charset", "utf-8") in _UTF_8


def _ranges(header: str | None) -> list[tuple[str, dict[str, str]]]:
    return [_parsed(part) for part in (header or "*/*").split(",")]


def _welcome_if_named(ranges: list[tuple[str, dict[str, str]]], media_type: str) -> _Welcome:
    found = _welcome(ranges, media_type)
    return found if found.named else _Welcome(0, False)


def _welcome(ranges: list[tuple[str, dict[str, str]]], media_type: str) -> _Welcome:
    for wanted in (media_type, "application/*", "*/*"):
        for found, parameters in ranges:
            if found == wanted and parameters.get("charset", "utf-8") in _UTF_8:
                return _Welcome(_quality(parameters.get("q", "1")), wanted == media_type)
    return _Welcome(0, False)


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0


def _parsed(value: str) -> tuple[str, dict[str, str]]:
    media_type, *parameters = value.lower().split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.strip(), {name.strip(): text.strip(' "') for name, _, text in pairs}
