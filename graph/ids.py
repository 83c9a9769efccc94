"""Names that clients hold and we can read: global ids and cursors, both opaque and both of a checked kind."""

import base64
import re

import strawberry

from engine.errors import InvalidInput, NotFound
from graph.scalars import Cursor

_GLOBAL_ID = re.compile(r"([A-Z][A-Za-z]*):([0-9a-hjkmnp-tv-zA-HJKMNP-TV-Z]{26})")
_SPACE_BEFORE_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOUNS = {"ApiToken": "API token"}


@strawberry.interface(description="Anything with a page of its own, which `node` finds again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Unique among all things of all types. Opaque.")


def global_id(kind: str, key: str) -> strawberry.ID:
    """The id under which clients know the `kind` (a GraphQL type name) whose ULID is `key`."""
    return strawberry.ID(_encode(f"{kind}:{key}"))


def read_global_id(given: str) -> tuple[str, str] | None:
    """Kind and ULID, or None for what we never gave out."""
    found = _GLOBAL_ID.fullmatch(_decode(given) or "")
    return (found[1], found[2]) if found else None


def local_id(kind: str, given: str, *, field: tuple[str, ...] = ()) -> str:
    """The ULID in the id of a `kind`. Garbage and ids of other kinds are NotFound, as if there were none."""
    match read_global_id(given):
        case (found, key) if found == kind:
            return key
    raise no_such(kind, given, field=field)


def any_id(given: str, *, field: tuple[str, ...]) -> tuple[str, str]:
    """Kind and ULID in the id of anything. What we never gave out is NotFound."""
    found = read_global_id(given)
    if found is None:
        raise NotFound(f"Nothing has the id {given[:80]!r}.", field=field)
    return found


def no_such(kind: str, given: str, *, field: tuple[str, ...] = ()) -> NotFound:
    """What to raise when there is no `kind` with the id given, or the viewer may not know of it."""
    noun = _NOUNS.get(kind) or _SPACE_BEFORE_CAPITAL.sub(" ", kind).lower()
    return NotFound(f"No {noun} has the id {given[:80]!r}.", field=field)


def event_cursor(sequence: int) -> Cursor:
    """The place just after the event with this sequence."""
    return Cursor(_encode(f"event:{sequence}"))


def event_sequence(cursor: Cursor, *, field: tuple[str, ...] = ("after",)) -> int:
    """The sequence in a cursor of the event log."""
    text = _read_cursor("event", cursor, field)
    if not re.fullmatch("[0-9]{1,18}", text):
        raise _bad_cursor(field)
    return int(text)


def page_cursor(kind: str, key: str) -> Cursor:
    """The place just after the row with this key in a list of `kind`s."""
    return Cursor(_encode(f"{kind}:{key}"))


def page_key(kind: str, cursor: Cursor, *, field: tuple[str, ...] = ("after",)) -> str:
    """The key in a cursor of a list of `kind`s."""
    return _read_cursor(kind, cursor, field)


def _read_cursor(kind: str, cursor: Cursor, field: tuple[str, ...]) -> str:
    found, _, key = (_decode(cursor) or "").partition(":")
    if found != kind or not key:
        raise _bad_cursor(field)
    return key


def _bad_cursor(field: tuple[str, ...]) -> InvalidInput:
    return InvalidInput("That cursor does not belong here. Use one that this field has given.", field=field)


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(given: str) -> str | None:
    if len(given) > 512:
        return None
    try:
        text = base64.urlsafe_b64decode(given.encode() + b"=" * (-len(given) % 4)).decode()
    except ValueError:
        return None
    return text if _encode(text) == given else None  # one thing, one id: no second spelling
