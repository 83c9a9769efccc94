"""What nobody should type, and what looks as if it could be typed."""

import base64
import math
from typing import Any

from hypothesis import strategies as st

TOO_LARGE_A_NUMBER = "<1e999>"  # JSON can say it, Python's json.dumps cannot
LONG = 1_000_000


def _opaque(text: str) -> str:
    """As the API writes ids and cursors."""
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


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
ANYTHING = st.one_of(
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
_ODD = st.sampled_from([_opaque(text) for text in (*_IDS, *_CURSORS, *_PAGES)]) | st.text(max_size=9).map(_opaque)

_DIGEST = "sha256:" + "ab" * 32
_NAMED = [f"a@{_DIGEST}", f"a@{_DIGEST[:-2]}", f"a@{_DIGEST.upper()}", "a@md5:" + "ab" * 16, "a" * 237, "a" * 238]
_INSIDE = [
    "/" + "é" * 127,
    "/" + "é" * 128,
    "/" + "a/" * 500,
    "/a/",
    "/<a>",
    "/[a]",
    "/a^b",
    "/a|b",
    "/(a);b=$1&c*+!@:~_-",
]
_SUITED: dict[str, list[str]] = {
    "String": [*_CONTROLS, *_SHELL, *_QUOTES, *_PATHS, *_MORE_PATHS, *_INSIDE],
    "ImageReference": [*_IMAGES, *_NAMED],
    "Hostname": [*_HOSTS, *_LOOK_ALIKES, *_MORE_LOOK_ALIKES],
    "PathPrefix": [*_PATHS, *_MORE_PATHS, *_INSIDE],
    "MountPath": [*_PATHS, *_MORE_PATHS, *_INSIDE],
    "ResourceName": [*_LOOK_ALIKES, *_MORE_LOOK_ALIKES, *_CONTROLS],
    "EnvName": [*_LOOK_ALIKES, *_MORE_LOOK_ALIKES, *_CONTROLS, "a.b", "a=b", "1a", "_"],
    "Duration": _NUMBERS,
    "Bytes": _NUMBERS,
    "DateTime": _MOMENTS,
}


def values_for(type_name: str) -> st.SearchStrategy[Any]:
    """Bad values of every kind, and as often those that come near to this type."""
    near = _ODD if type_name in ("ID", "Cursor") else st.sampled_from(_SUITED.get(type_name, STRINGS))
    return st.booleans().flatmap(lambda coin: near if coin else ANYTHING)
