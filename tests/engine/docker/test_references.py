"""Names of images are read as Docker reads them."""

import pytest

from engine.docker.references import ImageReference, checked, parse_reference
from engine.errors import DockerNotFound, ImageFailure

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("nginx", ImageReference("docker.io", "library/nginx", "latest", None)),
        ("nginx:1.27", ImageReference("docker.io", "library/nginx", "1.27", None)),
        ("docker.io/nginx", ImageReference("docker.io", "library/nginx", "latest", None)),
        ("index.docker.io/shop/blog", ImageReference("docker.io", "shop/blog", "latest", None)),
        ("shop/blog:2", ImageReference("docker.io", "shop/blog", "2", None)),
        ("localhost/blog", ImageReference("localhost", "blog", "latest", None)),
        ("localhost:5000/a/b/c:x", ImageReference("localhost:5000", "a/b/c", "x", None)),
        ("ghcr.io/shop/blog", ImageReference("ghcr.io", "shop/blog", "latest", None)),
        ("[::1]:5000/blog", ImageReference("[::1]:5000", "blog", "latest", None)),
        (f"ghcr.io/shop/blog@{DIGEST}", ImageReference("ghcr.io", "shop/blog", None, DIGEST)),
        (f"shop/blog:2@{DIGEST}", ImageReference("docker.io", "shop/blog", "2", DIGEST)),
        (DIGEST, ImageReference("docker.io", "library/sha256", "ab" * 32, None)),
    ],
)
def test_a_reference_is_taken_apart(text: str, read: ImageReference) -> None:
    assert parse_reference(text) == read


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            ":1",
            "Blog",
            "shop/Blog",
            "a b",
            "blog:",
            "blog:a b",
            "blog@",
            "blog@sha256:ab",
            "-blog",
            "shop//blog",
            "../etc",
        ],
        *["blog/../x", "blog?x=1", "blog#x", "http://h/blog", "blog\n", "blög"],
        "ab" * 32,
        "a" * 238,  # more than 255 with docker.io/library/
        f"blog@{DIGEST[:-2]}",
        f"blog@{DIGEST.upper()}",
        "blog@md5:" + "ab" * 16,
    ],
)
def test_what_docker_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(ImageFailure) as caught:
        parse_reference(text)
    assert repr(text) in caught.value.sentence


def test_the_digest_decides_what_is_pulled() -> None:
    assert parse_reference(f"blog:2@{DIGEST}").version == DIGEST
    assert parse_reference("blog:2").version == "2"


def test_the_hub_has_an_address_of_its_own_in_credentials() -> None:
    assert parse_reference("blog").server_address == "https://index.docker.io/v1/"
    assert parse_reference("ghcr.io/shop/blog").server_address == "ghcr.io"


@pytest.mark.parametrize("ref", ["", ".", "..", "a/b", "a?b", "a%2fb", "a b", "a\n", "-a", "ä"])
def test_nothing_but_a_name_gets_into_a_path(ref: str) -> None:
    with pytest.raises(DockerNotFound):
        checked(ref)


def test_names_and_ids_pass() -> None:
    assert checked("wharf-01J.web_1") == "wharf-01J.web_1"
