"""What is unpacked into the proxy's container."""

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from engine.proxy.archive import delivery, first_filling, next_slot
from engine.proxy.compiler import compile_routes

DOCUMENT = compile_routes([], key="an-example-of-a-key")


def members(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {each.name: f"-> {each.linkname}" if each.issym() else text(archive, each) for each in archive}


def text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = archive.extractfile(member)
    assert content
    return content.read().decode()


def test_the_link_comes_after_the_file_it_leads_to() -> None:
    assert list(members(delivery(DOCUMENT, 3)).items())[1] == ("live/http.yml", "-> http-3.yml")


def test_the_document_tells_its_slot_in_its_mark() -> None:
    assert f"`/revision/{DOCUMENT.revision}/3`" in members(delivery(DOCUMENT, 3))["live/http-3.yml"]


def test_a_new_container_gets_everything_but_the_document_that_it_starts_with() -> None:
    assert list(members(first_filling("static"))) == [
        "static.yml",
        "plugins-local/src/wharf.local/wharf/.traefik.yml",
        "plugins-local/src/wharf.local/wharf/body.go",
        "plugins-local/src/wharf.local/wharf/go.mod",
        "plugins-local/src/wharf.local/wharf/page.go",
        "plugins-local/src/wharf.local/wharf/redirect.go",
        "plugins-local/src/wharf.local/wharf/wait.go",
        "plugins-local/src/wharf.local/wharf/wharf.go",
    ]


@given(st.none() | st.integers(0, 7), st.integers(0, 7))
def test_the_slot_in_use_and_the_one_sent_last_are_never_written_over(last: int | None, in_use: int) -> None:
    assert next_slot(last, in_use) in set(range(8)) - {last, in_use}


def test_slots_go_round() -> None:
    assert [next_slot(None, 0), next_slot(4, 4), next_slot(7, 7), next_slot(7, 0)] == [4, 5, 0, 1]


def test_the_same_document_is_the_same_archive() -> None:
    assert delivery(DOCUMENT, 1) == delivery(DOCUMENT, 1)
