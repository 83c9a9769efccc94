import string
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import names
from engine.errors import InvalidInput

TEXT_FORMS: list[Callable[[str], Any]] = [
    names.hostname,
    names.env_name,
    names.resource_name,
    names.image_reference,
    names.path_prefix,
    names.mount_path,
]

LIKELY = st.text(st.sampled_from(string.ascii_letters + string.digits + ".-_/:@[]`'\" \n\x00éß。İ"), max_size=80)


@pytest.mark.parametrize("form", TEXT_FORMS, ids=lambda form: form.__name__)
@settings(deadline=None)
@given(text=LIKELY | st.text())
def test_a_name_has_one_form_or_is_refused_with_a_sentence(form: Callable[[str], str], text: str) -> None:
    try:
        once = form(text)
    except InvalidInput as refusal:
        once, sentence = "", refusal.sentence
    else:
        assert form(once) == once
        sentence = "Accepted."
    assert (once + sentence).isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 400


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("blog.example.com", "blog.example.com"),
        ("Blog.EXAMPLE.com.", "blog.example.com"),
        ("localhost", "localhost"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("日本。例え.テスト。", "xn--wgv71a.xn--r8jz45g.xn--zckzah"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("xn--i-7iq.example", "xn--i-7iq.example"),  # a heart: no name by the rules of today, and in use
        ("r3---sn-4g5e6n.example", "r3---sn-4g5e6n.example"),
        ("\N{KELVIN SIGN}elvin.example", "kelvin.example"),
        ("\u0440\u0430ypal.example", "xn--ypal-43d9g.example"),  # Cyrillic letters stay what they are
        ("r3---sn-abc.example.com", "r3---sn-abc.example.com"),
        ("1.2.3.example", "1.2.3.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        (".".join(["a" * 63] * 3 + ["b" * 61]), ".".join(["a" * 63] * 3 + ["b" * 61])),
    ],
)
def test_host_names_have_one_form(text: str, host: str) -> None:
    assert names.hostname(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "blog..example",
        ".example",
        "example..",
        "-blog.example",
        "blog-.example",
        "blog_1.example",
        "*.example",
        "blog.example:80",
        "http://blog.example",
        "blog.example/api",
        "blog example",
        "blog.example\n",
        "\x00",
        "blog`.example",
        "user@blog.example",
        "1.2.3.4",
        "1.2.3.4.",
        "\N{FULLWIDTH DIGIT ONE}.2.3.4",
        "1.2.3",
        "0x7f.0.0.0x1",
        "127.1",
        "::1",
        "[::1]",
        "a" * 64 + ".example",
        ".".join(["a" * 63] * 4),
        "ü" * 300,
        "xn--\N{SNOWMAN}.example",
        "xn--a.example",  # a control character
        "xn--a-.example",
        "xn--99999999.example",
    ],
)
def test_what_is_not_a_host_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.hostname(text)


@pytest.mark.parametrize("text", ["10.0.0.1", "[2001:db8::1]", "2001:db8::1"])
def test_an_ip_address_is_called_one(text: str) -> None:
    with pytest.raises(InvalidInput, match="is an IP address"):
        names.hostname(text)


@given(st.integers())
def test_ports(number: int) -> None:
    if 1 <= number <= 65535:
        assert names.port(number) == number
    else:
        with pytest.raises(InvalidInput, match="is not a port"):
            names.port(number)


@pytest.mark.parametrize(
    ("text", "length", "canonical"),
    [
        ("10s", timedelta(seconds=10), "10s"),
        ("1h30m", timedelta(minutes=90), "1h30m"),
        ("90m", timedelta(minutes=90), "1h30m"),
        ("500ms", timedelta(milliseconds=500), "500ms"),
        ("1500ms", timedelta(seconds=1.5), "1s500ms"),
        ("2d", timedelta(days=2), "2d"),
        ("0s", timedelta(0), "0s"),
        ("0d0h", timedelta(0), "0s"),
        ("365d", timedelta(days=365), "365d"),
    ],
)
def test_durations(text: str, length: timedelta, canonical: str) -> None:
    assert names.duration(text) == length
    assert names.duration_text(length) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "10", "s", "1.5h", "-1s", "1s1m", "1s 1ms", "10 s", "1S", "٣s", "366d", "9" * 12 + "s", "9" * 99 + "d"],
)
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.duration(text)


@given(st.integers(0, 365 * 86_400_000))
def test_a_duration_is_read_back(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert names.duration(names.duration_text(length)) == length


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (0, 0),
        (5 * 10**12, 5 * 10**12),
        ("0", 0),
        ("512MiB", 512 * 2**20),
        ("512 MiB", 512 * 2**20),
        ("2GB", 2 * 10**9),
        ("10kB", 10_000),
        ("1B", 1),
        (2**53 - 1, 2**53 - 1),
    ],
)
def test_sizes(value: int | str, size: int) -> None:
    assert names.byte_count(value) == size


@pytest.mark.parametrize(
    "value",
    [-1, 2**53, "", "MiB", "-1", "1.5GiB", "1 M", "1mib", "1KB", "٣MiB", "9" * 17, "9007199254740992", "9999999TiB"],
)
def test_what_is_not_a_size_is_refused(value: int | str) -> None:
    with pytest.raises(InvalidInput):
        names.byte_count(value)


@pytest.mark.parametrize("text", ["PATH", "_", "a1", "A" * 255])
def test_names_of_variables(text: str) -> None:
    assert names.env_name(text) == text


@pytest.mark.parametrize("text", ["", "1A", "A-B", "A B", "A=B", "Ä", "A\n", "A\x00", "A" * 256])
def test_what_cannot_name_a_variable_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.env_name(text)


@pytest.mark.parametrize("text", ["a", "1", "my-shop", "a--b", "a" * 40])
def test_names_of_resources(text: str) -> None:
    assert names.resource_name(text) == text


@pytest.mark.parametrize("text", ["", "-", "-a", "a-", "A", "a_b", "a.b", "a b", "ä", "a\n", "a" * 41])
def test_what_cannot_name_a_resource_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.resource_name(text)


DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "nginx:1.29",
        "library/nginx",
        "ghcr.io/acme/shop:v1.0.0-rc.1",
        "localhost:5000/shop",
        "127.0.0.1:5000/a/b/c/d:tag",
        "REGISTRY.example.com/shop:Latest",
        "a__b/c-d/e.f/g---h",
        f"nginx@{DIGEST}",
        f"registry:5000/nginx:1.29@{DIGEST}",
        "shop:" + "a" * 128,
        "a" * 237,  # 255 with docker.io/library/, which Docker adds
        f"shop@sha512:{'ab' * 64}",
    ],
)
def test_images(text: str) -> None:
    assert names.image_reference(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nginx",
        "ghcr.io/Acme/shop",
        "nginx:",
        "nginx:-1",
        "nginx:a b",
        "nginx\n",
        "/nginx",
        "nginx/",
        "a//b",
        "a___b",
        "a..b",
        "-nginx",
        "http://ghcr.io/shop",
        "nginx@sha256:abc",
        "nginx@" + "0" * 64,
        "shop:" + "a" * 129,
        "a" * 238,
        "Acme/shop",
        "LOCALHOST/shop",
        "[::1]:5000/shop",
        f"nginx@{DIGEST[:-1]}",
        f"nginx@{DIGEST.upper()}",
        f"nginx@md5:{'ab' * 16}",
        DIGEST,
        "a/" * 300 + "b",
        "0123456789abcdef" * 4,
    ],
)
def test_what_is_not_an_image_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.image_reference(text)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", ["a" * 511 + "!", "a-" * 255 + "!", "a.a" * 170 + "!", "A" * 511 + "/", "-" * 512])
def test_no_image_takes_long_to_refuse(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.image_reference(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/", "/"),
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/api/v1.0/~me", "/api/v1.0/~me"),
        ("/(a,b);c=$1&*+!@:~_-", "/(a,b);c=$1&*+!@:~_-"),
        ("/...", "/..."),
    ],
)
def test_path_prefixes(text: str, path: str) -> None:
    assert names.path_prefix(text) == path


@pytest.mark.parametrize("text", ["", "api", "//", "/a//b", "/a//", "/..", "/a/../b", "/./a", "/a/."])
def test_a_path_prefix_starts_with_a_slash_and_has_no_hollow_parts(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.path_prefix(text)


@pytest.mark.parametrize("refused", " \t\n\x00\x7f\u00a0\u2028`'\"?#%\\{}<>[]^|éа")
def test_what_has_a_meaning_in_routing_rules_is_refused_in_path_prefixes(refused: str) -> None:
    with pytest.raises(InvalidInput, match="must not contain"):
        names.path_prefix(f"/a{refused}b")


def test_a_path_prefix_has_a_limit() -> None:
    assert names.path_prefix("/" + "a" * 1023)
    with pytest.raises(InvalidInput, match="at most 1024"):
        names.path_prefix("/" + "a" * 1024)


@pytest.mark.parametrize(
    ("text", "path"),
    [("/data", "/data"), ("/var/lib/my data/", "/var/lib/my data"), ("/" + "a" * 255, "/" + "a" * 255)],
)
def test_mount_paths(text: str, path: str) -> None:
    assert names.mount_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "data",
        "./data",
        "/data:ro",
        "/a/../etc",
        "//",
        "/a//b",
        "/a\n",
        "/a" * 513,
        "/a" * 201,  # Docker: too many links
        "/\\",  # Docker: the root
        "/a\\..\\b",
        "/" + "a" * 256,
        "/" + "é" * 128,
    ],
)
def test_what_is_not_a_mount_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.mount_path(text)


LONG = 1_000_000
ADVERSARIAL = [
    *("a" * LONG, "a." * (LONG // 2), "\u00fc" * LONG, "\u0130" * LONG, "\u00fc." * (LONG // 2), "xn--" + "9" * LONG),
    *("/" + "a/" * (LONG // 2), "/" + "\u00e9" * LONG, "/" * LONG, "." * LONG, "-" * LONG, "a" + "-" * LONG + "."),
    *("1" * LONG, "1d" * (LONG // 2), "0" * LONG + "B", "a:" * (LONG // 2), "a@" * (LONG // 2), "a__" * (LONG // 3)),
    *("[" * LONG, "::" * (LONG // 2), "\0" * LONG, " " * LONG, "_" * LONG, "{" * LONG),
]
VALIDATORS: list[Callable[[str], object]] = [
    *(names.hostname, names.duration, names.byte_count, names.env_name, names.resource_name),
    *(names.image_reference, names.path_prefix, names.mount_path),
]


@pytest.mark.parametrize("validator", VALIDATORS, ids=[each.__name__ for each in VALIDATORS])
def test_nothing_takes_long_to_refuse(validator: Callable[[str], object]) -> None:
    for text in ADVERSARIAL:
        assert min(_refused_in(validator, text) for _ in range(3)) < 0.02, text[:10]


def _refused_in(validator: Callable[[str], object], text: str) -> float:
    """Seconds of this process that it takes to refuse the text."""
    began = time.process_time()
    with pytest.raises(InvalidInput) as refused:
        validator(text)
    took = time.process_time() - began
    assert len(refused.value.sentence) < 500
    return took
