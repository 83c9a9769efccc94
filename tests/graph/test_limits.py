import pytest
from graphql import get_introspection_query

from graph import limits
from tests.graph.asking import ask, data, errors
from tests.graph.small import BEGUN, DOOR, ENDED

SPREAD = "fragment F0 on Query { ...F1 ...F1 ...F1 ...F1 } fragment F1 on Query { %s }"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("{ " + "a { " * 15 + "a" + " }" * 15 + " }", "The operation is 16 levels deep; 15 are allowed."),
        ("{ " + " ".join(f"a{n}: viewer" for n in range(31)) + " }", "The operation has 31 aliases; 30 are allowed."),
        ("{ " + "viewer " * 1001 + "}", "The operation has 1001 fields; 1000 are allowed."),
        ("{ " + "viewer " * 2000 + "}", "Syntax Error: Document contains more than 2000 tokens. Parsing aborted."),
        ("{ ...F0 }" + SPREAD % ("x: a " * 8), "The operation has 32 aliases; 30 are allowed."),
        ("{ ...F0 }" + SPREAD % ("a " * 251), "The operation has 1004 fields; 1000 are allowed."),
        ("{ viewer " + "@skip(if: false) " * 51 + "}", "The operation has 51 directives; 50 are allowed."),
        (
            "query @a { ...F0 @a ... @a { viewer @a } }" + SPREAD % ("viewer " + "@a " * 12),
            "The operation has 52 directives; 50 are allowed.",
        ),
        ("query(" + "$a: Int @a @a " * 26 + ") { viewer }", "The operation has 52 directives; 50 are allowed."),
        (
            "mutation { " + "createToken { errors { code } } " * 21 + "}",
            "The operation asks for 21 mutations; 20 are allowed.",
        ),
        (
            "{ viewer } " + "fragment F on Query { viewer } " * 100,
            "The document has 101 operations and fragments; 100 are allowed.",
        ),
        (
            "{ " + "viewer " * 900 + "}",
            "The operation is too tangled to be checked. Ask for fewer fields of one name, with fewer fragments.",
        ),
    ],
)
async def test_a_document_beyond_the_limits_is_refused_with_one_error(query: str, sentence: str) -> None:
    for _ in range(2):  # the second time from the caches
        (error,) = await errors(query)
        assert (error["message"], error["extensions"]) == (sentence, {"code": "TOO_LARGE"})


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "{ ...A ...B } fragment A on Query { ...B } fragment B on Query { ...A }",
            "Cannot spread fragment 'A' within",
        ),
        ("{ ...Nothing }", "Unknown fragment 'Nothing'."),
    ],
)
async def test_fragments_that_make_no_sense_do_not_confuse_it(query: str, sentence: str) -> None:
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


async def test_what_takes_too_long_is_given_up_but_a_mutation_that_has_begun_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.05)
    begun, ended = BEGUN.now, ENDED.now
    sentence = "The operation took longer than 0.05 seconds. A mutation that had begun goes on."
    (error,) = await errors("mutation { a: waitAtTheDoor { errors { code } } b: waitAtTheDoor { errors { code } } }")
    assert (error["message"], error["extensions"]) == (sentence, {"code": "TIMEOUT"})
    assert (BEGUN.now, ENDED.now) == (begun + 1, ended)
    DOOR.set()
    await ENDED.until(ended + 1)
    assert BEGUN.now == begun + 1, "the second was not begun"
    assert await data("{ viewer }") == {"viewer": "laptop"}
