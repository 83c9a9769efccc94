"""What the schema lets people type, found by walking it: good values, bad ones, and what is given back."""

import base64
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
)
from hypothesis import strategies as st

from engine import names
from graph import root

SCHEMA: GraphQLSchema = root.schema._schema
Place: TypeAlias = tuple[str | int, ...]

TOO_LARGE_A_NUMBER = "<1e999>"  # JSON can say it, Python's json.dumps cannot
LONG = 1_000_000


def _opaque(text: str) -> str:
    """As the API writes ids and cursors."""
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


_numbers = count(1)
_BY_NAME: dict[str, Any] = {"path": "/health?deep=1", "confirmName": "web", "statusFrom": 200, "statusTo": 299}
_BY_TYPE: dict[str, Callable[[], Any]] = {
    "String": lambda: "text",
    "Int": lambda: 2,
    "Float": lambda: 0.5,
    "Boolean": lambda: False,
    "ResourceName": lambda: f"fresh-{next(_numbers)}",
    "ImageReference": lambda: "ghcr.io/acme/shop:2",
    "Hostname": lambda: f"fresh-{next(_numbers)}.example.com",
    "PathPrefix": lambda: "/api",
    "MountPath": lambda: f"/data/{next(_numbers)}",
    "EnvName": lambda: "MODE",
    "Port": lambda: 8080,
    "Bytes": lambda: "64MiB",
    "Duration": lambda: "2s",
    "DateTime": lambda: "2999-01-31T12:00:00Z",
}
_READ_BACK: dict[str, Callable[[Any], Any]] = {
    "Duration": names.duration,
    "Bytes": names.byte_count,
    "Hostname": names.hostname,
    "PathPrefix": names.path_prefix,
    "MountPath": names.mount_path,
    "DateTime": datetime.fromisoformat,
}

_CONTROLS = [
    "",
    " ",
    "\0",
    "a\0b",
    "\x1b[31m",
    "\x7f",
    "\n",
    "a\nb",
    "a\r\nX: y",
    "\t",
    "\x85",
    "\u2028",
    "\u202egnp",
]
_QUOTES = ["'", '"', "`", "a`) || Host(`b", "\\", "{{", "{{{", "{{ .Env }}", '{{ env "PATH" }}', "${PATH}", "%s%n"]
_SHELL = ["$(id)", "`id`", "; id", "| id", "&& id", "> /x", "*", "~", "!", "#", "# x", "--privileged", "-v/:/x"]
_PATHS = ["..", "../..", "/", "//", "///", "/..", "/../..", "/a/../b", "/./a", "/%2e%2e/x", "/a//b", "/a%2fb", "/a b"]
_MORE_PATHS = ["/{{x}}", "/a`b", "/proc", "/proc/1", "/sys/fs", "/dev/null", "/etc", "/a#b", "/%zz", "/%", "/a:b"]
_LOOK_ALIKES = [
    "r\u0430ypal",
    "\uff57eb",
    "w\u0435b",
    "\ufb01",
    "\u0130",
    "ß",
    "é",
    "e\u0301",
    "/é",
    "/\u0430",
    "\ufeff",
]
_MORE_LOOK_ALIKES = [
    "\U0001f600",
    "a\u200bb",
    "\u2167",
    "\u0663",
    "web\xad",
    "\U0001d430",
    "\ud800",
    "a\udfff",
    "\udc00\ud800",
]
_HOSTS = [
    "a.b:80",
    "*.a.b",
    "a..b",
    "-a.b",
    "127.0.0.1",
    "[::1]",
    "0x7f.1",
    "\u0440.\u0440\u0444",
    "a_b.c",
    "http://a.b",
    "A.B.",
]
_IMAGES = [
    "nginx:",
    "Nginx",
    "nginx@sha256:ab",
    "a/../b",
    "a?x=1",
    "sha256:" + "a" * 64,
    "localhost:99999/x",
    "Acme/shop",
]
_NUMBERS = [
    "0",
    "-1",
    "1e3",
    "NaN",
    "null",
    "0s",
    "-1s",
    "1y",
    "99999999999d",
    "0B",
    "99999TiB",
    "1 MiB ",
    "1.5GB",
    "51ms",
]
_MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-31",
    "2026-02-30T00:00:00Z",
    "2000-01-01T00Z",
]
_LONG = [
    "a" * 256,
    "/" + "a" * 300,
    "a" * LONG,
    "é" * (LONG // 7),
    "/" + "a" * LONG,
    "1" * 5000,
    "2999-01-31T00:00:00." + "0" * LONG,
]
STRINGS = [
    *(*_CONTROLS, *_QUOTES, *_SHELL, *_PATHS, *_MORE_PATHS, *_LOOK_ALIKES, *_MORE_LOOK_ALIKES),
    *(*_HOSTS, *_IMAGES, *_NUMBERS, *_MOMENTS, *_LONG),
]
OTHERS: list[Any] = [
    *(None, True, False, 0, 1, -1, 65536, 2**31, -(2**31) - 1, 2**53, 2**63, 2**64, -(2**63), 10**30, 10**400),
    *(0.0, -0.5, 0.005, 1.0, 1.5, 1e308, 5e-324, math.nan, math.inf, -math.inf, TOO_LARGE_A_NUMBER),
    *(
        [],
        {},
        [None],
        [[]],
        [[["x"]]],
        {"x": 1},
        {"__proto__": 1},
        {"name": "A"},
        [{}],
        [{"name": "A", "value": "1"}] * 2,
    ),
    *([""], ["\0"], ["A", "A"], ["a", ""]),
    [{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/b"}],
    [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/a/"}],
]
LONG_LISTS: list[list[Any]] = [
    ["a"] * 5000,
    [""] * 100_000,
    ["A"] * 40_000,
    [f"A{n}" for n in range(40_000)],
    [{"name": f"A{n}", "value": ""} for n in range(999)],
    [{"name": f"A{n}", "value": ""} for n in range(33_000)],
    [{"name": "A", "value": "x" * 131_069}],
    [{"name": "A", "value": "x" * 131_070}],
    [{"name": f"A{n}", "value": "x" * 100_000} for n in range(9)],
    [{"name": f"B{n}", "value": "x" * 100_000} for n in range(9)],
    [{"name": f"a{n}", "mountPath": f"/a{n}"} for n in range(20_000)],
]
VALUES = st.one_of(
    st.sampled_from(STRINGS),
    st.sampled_from(OTHERS),
    st.text(max_size=20),
    st.integers() | st.floats(),
    st.text(max_size=20).map(lambda text: "/" + text),
)

_IDS = [
    "Application:01J00000000000000000000000",
    "Deployment:01J00000000000000000000000",
    "Nothing:1",
    "Application:",
    ":",
]
_CURSORS = [
    "event:0",
    "event:1",
    "event:-1",
    "event:999999",
    f"event:{2**63}",
    "event:9" * 20,
    "event:1e3",
    "event:\u0663",
]
_PAGES = [
    "number:0",
    "number:-1",
    f"number:{10**18}",
    f"number:{10**30}",
    "number:a",
    "Application:\0",
    "Application:'",
]
ODD_IDS = st.sampled_from([_opaque(text) for text in (*_IDS, *_CURSORS, *_PAGES)]) | st.text(max_size=9).map(_opaque)


def walk(kind: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of an input, the whole and its parts, with its type."""
    yield place, kind
    bare = get_nullable_type(kind)
    if isinstance(bare, GraphQLList):
        yield from walk(bare.of_type, (*place, 0))
    elif isinstance(bare, GraphQLInputObjectType):
        for name, field in bare.fields.items():
            yield from walk(field.type, (*place, name))


def good(kind: Any, ids: dict[str, str], name: str = "") -> Any:
    """A value that is accepted, with everything in it that may be left out. `ids` are what exists, by field name."""
    bare = get_nullable_type(kind)
    if isinstance(bare, GraphQLList):
        return [good(bare.of_type, ids, name)]
    if isinstance(bare, GraphQLInputObjectType):
        return {part: good(field.type, ids, part) for part, field in bare.fields.items()}
    if isinstance(bare, GraphQLEnumType):
        return next(iter(bare.values))
    if bare.name == "ID":
        return ids[name]
    return _BY_NAME[name] if name in _BY_NAME else _BY_TYPE[bare.name]()


def put(whole: Any, place: Place, value: Any) -> Any:
    """As `whole`, whose lists have one item each, with another value at a place."""
    if not place:
        return value
    inner = put(whole[place[0]], place[1:], value)
    return whole | {place[0]: inner} if isinstance(whole, dict) else [inner]


def selection(given: Any, answered: Any) -> str:
    """What to ask of an answer, to see in it everything of the input that it has a field for."""
    kind, thing = get_named_type(given), get_named_type(answered)
    if not isinstance(kind, GraphQLInputObjectType) or not isinstance(thing, GraphQLObjectType):
        return ""
    both = (
        name + selection(kind.fields[name].type, thing.fields[name].type)
        for name in kind.fields.keys() & thing.fields.keys()
    )
    return f"{{ {'id' if 'id' in thing.fields else '__typename'} {' '.join(sorted(both))} }}"


def assert_echoed(kind: Any, given: Any, answer: Any) -> None:
    """What was typed is what is given back, wherever the answer has a field for it."""
    bare = get_nullable_type(kind)
    if given is None or answer is None:
        return
    if isinstance(bare, GraphQLList):
        _assert_all_echoed(bare.of_type, given if isinstance(given, list) else [given], answer)
    elif isinstance(bare, GraphQLInputObjectType):
        for name in given.keys() & answer.keys():
            assert_echoed(bare.fields[name].type, given[name], answer[name])
    else:
        read = _READ_BACK.get(bare.name, lambda value: value)
        assert read(given) == read(answer)


def _assert_all_echoed(kind: Any, given: list[Any], answer: list[Any]) -> None:
    if answer and isinstance(answer[0], dict):
        by_name = {item["name"]: item for item in answer}
        answer = [by_name[item["name"]] for item in given]
    assert len(given) == len(answer)
    for one, other in zip(given, answer, strict=True):
        assert_echoed(kind, one, other)


def literal(kind: Any, value: Any) -> str:
    """The value as it is written into a document."""
    named = get_named_type(kind)
    if isinstance(value, list):
        return f"[{', '.join(literal(kind, item) for item in value)}]"
    if isinstance(value, dict):
        fields = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        parts = (f"{name}: {literal(fields[name].type if name in fields else None, value[name])}" for name in value)
        return f"{{{', '.join(parts)}}}"
    is_symbol = isinstance(named, GraphQLEnumType) and value in named.values
    return str(value) if is_symbol else encoded(value)


def encoded(value: object) -> str:
    """JSON, and what looks like it: NaN, lone surrogates, numbers that no computer holds."""
    return json.dumps(value).replace(f'"{TOO_LARGE_A_NUMBER}"', "1e999")


def may_be_unreadable(value: object) -> bool:
    """Whether a request may be refused as a whole for it: it is no JSON, or no request is that long."""
    text = encoded(value)
    if len(text) > LONG or re.search("1e999|[0-9]{300}", text):
        return True
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return True
    return False
