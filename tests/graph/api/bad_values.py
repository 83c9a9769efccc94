"""What nobody should type, and what looks as if it could be typed."""

import base64
import math
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

TOO_LARGE_A_NUMBER = "<1e999>"  # JSON can say it, Python's json.dumps cannot
LONG = 1_000_000


def _opaque(text: str) -> str:
    """As the API writes ids and cursors."""
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _nested(innermost: Any, around: Callable[[Any], Any]) -> Any:
    for _ in range(500):
        innermost = around(innermost)
    return innermost


_CONTROL_CHARACTERS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\xad"
)
_CONTROLS = [
    *("", " ", "\0", "a\0b", "\x1b[31m", "\n", "a\nb", "a\r\nX: y", "a\r\n\r\n<html>", "\t", "\u202egnp"),
    *(_CONTROL_CHARACTERS, _INVISIBLE, *(f"a{char}b" for char in _CONTROL_CHARACTERS + _INVISIBLE)),
]
_QUOTES = ["'", '"', "`", "\\", '"""', "'" * 3, "`a`", "%s%n", "%(a)s", "' OR '1'='1", "'; DROP TABLE domain; --"]
_TEMPLATES = [
    *("{{", "{{{", "}}", "{{ .Env }}", '{{ env "PATH" }}', "{{`{{`}}", "{% raw %}", "<% 1 %>", "${PATH}"),
    *("${{ x }}", "#{1}", "$PATH", "$$", "{0}", "{a!r}", "/{{ x }}", "a{{.}}b"),
]
_STRUCTURES = [
    *("a: b", ": ", "- a", "- - a", "&a b", "*a", "<<: *a", "!!python/object/apply:os.system [id]", "---\na: b"),
    *("|", ">", "? a", "a #b", "[a]\nb = 1", "{a: b}", "[a, b]", "null", "~", "yes", "0o7", ".inf", "%YAML 1.1"),
    *("@a", "a:\n  b: c"),
]
_RULES = [
    *("a`) || Host(`b", "Host(`x`) || PathPrefix(`/`)", "`) || PathPrefix(`/", "/x`) || HostRegexp(`.*", "/`,`/"),
    *("HostSNI(`*`)", "*", "*.a.b", "{a:.*}", "/{a:.*}", "a.b`,`c.d", '/x") || Host("y', "/a && b", "!Host(`a`)"),
    *("/(a|b)",),
]
_SHELL = ["$(id)", "`id`", "; id", "| id", "&& id", "> /x", "*", "!", "#", "# x", "--privileged", "-v/:/x", "-", "--"]
_PATHS = ["..", "../..", "/", "//", "///", "/..", "/../..", "/a/../b", "/./a", "/a/.", "/a/..", "/%2e%2e/x", "/a//b"]
_MORE_PATHS = [
    *("/a%2fb", "/a b", "/a`b", "/proc", "/proc/1", "/sys/fs", "/dev/null", "/etc", "/a#b", "/%zz", "/%", "/%00"),
    *("/a:b", "\\", "/a\\b", "/..\\a", "C:\\a", "C:/a", "\\\\host\\a", "//host/a", "file:///a", "/a;b", "/~"),
    *("~/a", "./a", "a/b", "/a?b", "/a@b", "/proc/self/environ", "/dev/../a", "/devices", "/a/" + "b" * 255),
    *("/a/" + "b" * 256, "/a\0/../b"),
]
_LOOK_ALIKES = [
    *("r\u0430ypal", "\uff57eb", "w\u0435b", "\ufb01", "\u0130", "\u0131", "\u017f", "\u212a", "ß", "é", "e\u0301"),
    *("/é",),
]
_MORE_LOOK_ALIKES = [
    *("/\u0430", "\U0001f600", "\u2167", "\u0663", "\U0001d430", "\ud800", "a\udfff", "\udc00\ud800", "\ufdfa"),
    *("\u1e9e", "\u3002", "a\u3002b", "a\uff0eb", "a\u2024b", "\uff0fa", "\u2215a", "a\u2100", "\u0345"),
    *("\u0300" * 30, "i\u0307"),
]
_HOSTS = [
    *("a.b:80", "a..b", ".a.b", "-a.b", "a-.b", "a_b.c", "http://a.b", "//a.b", "a.b/c", "u@a.b", "A.B.", "a.b.."),
    *(".", "127.0.0.1", "127.0.0.1.", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.1", "[::1]", "::1"),
    *("[fe80::1%25e]", "\u0440.\u0440\u0444", "localhost", "a.localhost", "%61.b", "*.", "**", "xn--", "xn--a"),
    *("xn--a-", "xn--\u0430", "xn--bcher-kva.example", "XN--BCHER-KVA", "xn--99999999", "xn--i-7iq", "a--b"),
    *("r3---a.b", "a" * 63, "a" * 64, ".".join(["a" * 49] * 5), ".".join(["a" * 63] * 4), "\xfc" * 58, "\xfc" * 64),
    *("com", "c\u043em"),
]
_ADDRESSES = [
    *("0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "::1"),
    *("0.0.0.0/0", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255"),
    *("127.0.0.0/8", "127.0.0.1/32", "2001:db8::/32", "10.0.0.0/ 8", " 10.0.0.0/8", "10.0.0.0/8/8", "/8", "a/8"),
    *("\u0661.1.1.1", "1.1.1.1\n", "1.1.1.1/\u0663"),
]
_IMAGES = [
    *("nginx:", "Nginx", "nginx@sha256:ab", "a/../b", "a?x=1", "sha256:" + "a" * 64, "a" * 64, "localhost:99999/x"),
    *("Acme/shop", "[::1]:5000/x", "x:latest:latest", "a@b@c", "docker.io/../x", "docker.io", "index.docker.io/x"),
    *("--help", "-v", "x\n", "x\ny", "http://x/y", "x/", "/x", "x//y", "a:b/c", "a:1/c:2", "a.b:1/c", "\uff4eginx"),
    *("x:" + "a" * 129, "x:.a", "x:-a", "a/b/c/d/e/f/g", "0/0", "a.", "a-", "a___b", "a--b", "scratch"),
    *("127.0.0.1:9/x", "user:pw@host/x"),
]
_NUMBERS = [
    *("9" * 400 + "d", "1d1d", "1h-1m", "\u0663s", "1e9s", "P1D", "0x1s", "1s ", " 1s", "1S", "366d", "365d"),
    *("1ms", "49ms", "9007199254740991", "9007199254740992", "9007199254740991kB", "1KB", "1mib", "-1B", "+1B"),
    *("1_000", "0.1MiB", "5MiB", "0", "-1", "1e3", "NaN", "null", "0s", "-1s", "1y", "99999999999d", "0B"),
    *("99999TiB", "1 MiB ", "1.5GB", "51ms"),
]
_MOMENTS = [
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-31", "2026-02-30T00:00:00Z"),
    *("2000-01-01T00Z",),
]
_EMAILS = [
    *("a", "@", "a@", "@b.c", "a@b", "a@b.c", "a@@b.c", "a@b@c.d", "a b@c.d", '"a b"@c.d', "a@[127.0.0.1]"),
    *("a@127.0.0.1", "a@b.c\r\nBcc: d@e.f", "a@b..c", ".a@b.c", "a.@b.c", "a..b@c.d", "a@-b.c", "<a@b.c>"),
    *("Ann <a@b.c>", "a@b.c,d@e.f", "\u0430@b.c", "a@\u0431.c", "a@xn--a.c", "a" * 65 + "@b.c", "\u0130@b.c"),
    *("a@" + "b" * 64 + ".c", "a@b." + "c" * 250, "a+b@c.d", "A@B.C", "mailto:a@b.c", "a%40b@c.d"),
    *("root@localhost", "a@b.local", "a@b.test", "a@b.invalid"),
]
_LONG = [
    *("a" * 256, "/" + "a" * 300, "a" * LONG, "é" * (LONG // 7), "/" + "a" * LONG, "1" * 5000),
    *("2999-01-31T00:00:00." + "0" * LONG,),
]
STRINGS = [
    *(*_CONTROLS[:13], *_QUOTES, *_TEMPLATES, *_STRUCTURES, *_RULES, *_SHELL, *_PATHS, *_MORE_PATHS),
    *(*_LOOK_ALIKES, *_MORE_LOOK_ALIKES),
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
    *([""], ["\0"], ["A", "A"], ["a", ""], {"\u0130": 1}, {"\0": 1, "": 2}, {"a" * LONG: 1}, {"host\n": 1}),
    _nested([], lambda inner: [inner]),
    _nested({}, lambda inner: {"name": inner}),
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

_ULID = "01J00000000000000000000000"
_IDS = [
    *(f"Application:{_ULID}", f"Deployment:{_ULID}", f"application:{_ULID}", f"Application:{_ULID}\n"),
    *(f"Event:{_ULID}", f"Application:{_ULID[:-1]}", f"Application:{_ULID}0", f"Application: {_ULID[1:]}"),
    *(f"Application:{'9' * 26}", "Nothing:1", "Application:", ":", "", "Application"),
    *(f"Application:{_ULID.lower()}", f"Application\0:{_ULID}", "a" * 600),
]
_TAMPERED = [
    *(*(_opaque(f"Application:{_ULID}") + end for end in ("=", "==", "A", " ", "\n", "\0", "-", "%3D")), "!"),
    *("====", "a", "ab", "+/+/", "-_-_", "\u0410", "A" * 513, "A" * LONG, "%41", "QQ==\n"),
]
_CURSORS = [
    *("event:0", "event:1", "event:-1", "event:999999", f"event:{2**63}", "event:9" * 20, "event:1e3"),
    *("event:\u0663",),
]
_PAGES = [
    *("number:0", "number:-1", f"number:{10**18}", f"number:{10**30}", "number:a", "Application:\0"),
    *("Application:'",),
]
_ODD = st.sampled_from([*map(_opaque, (*_IDS, *_CURSORS, *_PAGES)), *_TAMPERED]) | st.text(max_size=9).map(_opaque)

_DIGEST = "sha256:" + "ab" * 32
_NAMED = [f"a@{_DIGEST}", f"a@{_DIGEST[:-2]}", f"a@{_DIGEST.upper()}", "a@md5:" + "ab" * 16, "a" * 237, "a" * 238]
_INSIDE = [
    *("/" + "é" * 127, "/" + "é" * 128, "/" + "a/" * 500, "/a/", "/<a>", "/[a]", "/a^b", "/a|b"),
    *("/(a);b=$1&c*+!@:~_-",),
]
_TEXTS = [*_CONTROLS, *_SHELL, *_QUOTES, *_TEMPLATES, *_STRUCTURES]
_SUITED: dict[str, list[str]] = {
    "Secret": [*_TEXTS],
    "String": [*_TEXTS, *_PATHS, *_MORE_PATHS, *_INSIDE],
    "ImageReference": [*_IMAGES, *_NAMED],
    "Hostname": [*_HOSTS, *_LOOK_ALIKES, *_MORE_LOOK_ALIKES, *_RULES],
    "CertificateName": [*_HOSTS, *_LOOK_ALIKES, *_MORE_LOOK_ALIKES, *_RULES, *(f"*.{host}" for host in _HOSTS)],
    "PathPrefix": [*_PATHS, *_MORE_PATHS, *_INSIDE, *_RULES, *_TEMPLATES],
    "MountPath": [*_PATHS, *_MORE_PATHS, *_INSIDE, *(f"/{text}" for text in _TEXTS)],
    "ResourceName": [*_LOOK_ALIKES, *_MORE_LOOK_ALIKES, *_CONTROLS],
    "EnvName": [*_LOOK_ALIKES, *_MORE_LOOK_ALIKES, *_CONTROLS, "a.b", "a=b", "1a", "_", "=", "A=", "LD_PRELOAD"],
    "Duration": _NUMBERS,
    "Bytes": _NUMBERS,
    "DateTime": _MOMENTS,
    "EmailAddress": [*_EMAILS, *_LOOK_ALIKES, *_CONTROLS],
    "IPv4Address": _ADDRESSES,
    "IPv4Network": _ADDRESSES,
}

TEXTS = [text for text in _TEXTS if "\0" not in text]
MOUNT_PATHS, PATH_PREFIXES, HOSTS = _SUITED["MountPath"], _SUITED["PathPrefix"], _SUITED["Hostname"]


def values_for(type_name: str) -> st.SearchStrategy[Any]:
    """Bad values of every kind, and as often those that come near to this type."""
    near = _ODD if type_name in ("ID", "Cursor") else st.sampled_from(_SUITED.get(type_name, STRINGS))
    return st.booleans().flatmap(lambda coin: near if coin else ANYTHING)
