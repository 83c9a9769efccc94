from typing import cast

import pytest
from graphql import GraphQLError

from graph.documents import Documents
from graph.limits import MAX_LENGTH
from tests.graph.asking import data, errors
from tests.graph.small import SCHEMA


def text(number: int, fields: int = 1) -> str:
    return "{ " + " ".join(f"a{number}x{n}: viewer" for n in range(fields)) + " }"


def test_a_document_is_read_and_validated_once() -> None:
    documents = Documents()
    first = documents.read(text(1))
    assert documents.read(text(1)) is first
    assert first.validated(SCHEMA._schema) is first.validated(SCHEMA._schema)


def test_what_is_remembered_has_a_limit_in_bytes_and_what_was_asked_last_stays() -> None:
    documents = Documents(1_000_000)
    kept = documents.read(text(0))
    for number in range(1, 300):
        documents.read(text(number, fields=20))
        assert documents.read(text(0)) is kept
        assert documents.bytes <= 1_000_000
    assert 10 < len(documents) < 100, "each takes some 40 kB"


def test_a_document_that_is_too_large_to_be_remembered_is_read() -> None:
    documents = Documents(10_000)
    assert documents.read(text(1, fields=30)).validated(SCHEMA._schema) == []
    assert (len(documents), documents.bytes) == (0, 0)


def test_what_is_no_document_is_not_remembered() -> None:
    documents = Documents()
    for wrong in ("{", "{ " + "a" * MAX_LENGTH + " }"):
        with pytest.raises(GraphQLError):
            documents.read(wrong)
    assert (len(documents), documents.bytes) == (0, 0)


async def test_a_document_has_a_length() -> None:
    (error,) = await errors("{ " + "a" * MAX_LENGTH + " }")
    assert cast(str, error["message"]).startswith("Syntax Error: Source contains more than 65536 code points.")
    assert await data("{ viewer #" + "a" * (MAX_LENGTH - 12) + "\n}") == {"viewer": "laptop"}
