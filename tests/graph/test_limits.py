import pytest
from graphql import get_introspection_query

from tests.graph.asking import ask, errors


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("{ " + "a { " * 15 + "a" + " }" * 15 + " }", "The operation is 16 levels deep; 15 are allowed."),
        ("{ " + " ".join(f"a{n}: viewer" for n in range(31)) + " }", "The operation has 31 aliases; 30 are allowed."),
        ("{ " + "viewer " * 2000 + "}", "Syntax Error: Document contains more than 2000 tokens. Parsing aborted."),
        (
            "{ ...A } fragment A on Query { ...B ...B } fragment B on Query { " + "x: a " * 16 + "}",
            "The operation has 32",
        ),
        (
            "{ ...A ...B } fragment A on Query { ...B } fragment B on Query { ...A }",
            "Cannot spread fragment 'A' within",
        ),
        ("{ ...Nothing }", "Unknown fragment 'Nothing'."),
    ],
)
async def test_a_document_beyond_the_limits_is_refused(query: str, sentence: str) -> None:
    for _ in range(2):  # the second time from the caches
        messages = [error["message"] for error in await errors(query)]
        assert any(message.startswith(sentence) for message in messages), messages


@pytest.mark.timeout(5)
async def test_measuring_fragments_of_fragments_takes_no_time() -> None:
    doubling = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    assert await errors("{ ...F0 }" + doubling + "fragment F100 on Query { a: viewer }")


async def test_what_is_within_the_limits_runs() -> None:
    aliases = " ".join(f"a{n}: viewer" for n in range(30))
    for query in (
        f"{{ {aliases} }}",
        get_introspection_query(),
        "{ ... on Query { ...A } } fragment A on Query { viewer }",
    ):
        assert not (await ask(query)).errors
