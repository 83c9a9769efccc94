"""Media types of GraphQL over HTTP: what a client accepts, and whether what it sent can be read."""

from typing import NamedTuple

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

_UTF_8 = ("utf-8", "utf8")


class _Welcome(NamedTuple):
    quality: float
    named: bool


def accepted(header: str | None) -> str | None:
    """The media type to answer with, or None when the client takes neither of ours.

    Among equally welcome ones the one that is named wins, then the modern one. Who names none gets JSON.
    """
    ranges = [_parsed(part) for part in (header or "*/*").split(",")]
    ratings = {media_type: _welcome(ranges, media_type) for media_type in (JSON, GRAPHQL)}
    best = max(ratings, key=lambda found: (*ratings[found], ratings[found].named == (found == GRAPHQL)))
    return best if ratings[best].quality > 0 else None


def readable(content_type: str) -> bool:
    """Whether a body of this type is JSON in UTF-8."""
    media_type, parameters = _parsed(content_type)
    return media_type == JSON and parameters.get("charset", "utf-8") in _UTF_8


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
