import asyncio
import logging
from enum import Enum

import pytest
from graphql import GraphQLError

from engine.errors import DockerTimeout, EngineError, NotNow, PortTaken, ProxyFailure
from graph.enums import described
from graph.errors import presented
from graph.ids import global_id
from tests.graph.asking import context, data, errors
from tests.graph.small import KEYS, SCHEMA, SETUP

ADD_DOMAIN = """
    mutation ($input: AddDomainInput!) {
        addDomain(input: $input) { application { id } errors { code message field } }
    }
"""


def adding(host: object, **more: object) -> dict[str, object]:
    return {"applicationId": global_id("Application", KEYS[0]), "host": host, **more}


async def test_a_mutation_that_is_carried_out_has_no_errors() -> None:
    payload = (await data(ADD_DOMAIN, input=adding("blog.example.com")))["addDomain"]
    assert payload == {"application": {"id": global_id("Application", KEYS[0])}, "errors": []}


async def test_what_a_mutation_refuses_is_data(caplog: pytest.LogCaptureFixture) -> None:
    taken = {"code": "NAME_TAKEN", "message": "taken.example.com belongs to shop.", "field": ["input", "host"]}
    payload = (await data(ADD_DOMAIN, input=adding("taken.example.com")))["addDomain"]
    assert payload == {"application": None, "errors": [taken]}
    assert not caplog.records


async def test_several_mistakes_are_told_at_once() -> None:
    payload = (await data(ADD_DOMAIN, input=adding("twice.example.com")))["addDomain"]
    assert [error["code"] for error in payload["errors"]] == ["NAME_TAKEN", "INVALID_INPUT"]
    assert [error["field"] for error in payload["errors"]] == [["input", "host"], ["input", "ports", "0"]]


async def test_a_mistake_among_bugs_is_a_bug() -> None:
    (error,) = await errors(ADD_DOMAIN, input=adding("bug.example.com"))
    assert error["extensions"]["code"] == "INTERNAL"


async def test_a_mutation_with_a_plain_function_refuses_likewise() -> None:
    result = await SCHEMA.execute(
        "mutation { createToken { errors { code message field } } }", context_value=context(SETUP)
    )
    error = {"code": "INVALID_INPUT", "message": "That will not do.", "field": None}
    assert result.data == {"createToken": {"errors": [error]}}


@pytest.mark.parametrize(
    ("input_", "mistakes"),
    [
        (
            adding("http://blog", ports=[80, 0]),
            {
                ("input", "host"): "'http://blog' is not a host name. A host name looks like blog.example.com: "
                "no scheme, port, path or wildcard.",
                ("input", "ports", "1"): "0 is not a port. A port is a whole number from 1 to 65535.",
            },
        ),
        (adding(["blog"]), {("input", "host"): "A string is needed."}),
        (adding("blog", ports="80"), {("input", "ports"): "A whole number is needed."}),
    ],
)
async def test_a_value_that_is_no_value_of_its_scalar_names_its_field(
    input_: dict[str, object], mistakes: dict[tuple[str, ...], str]
) -> None:
    found = await errors(ADD_DOMAIN, input=input_)
    assert {tuple(error["extensions"]["field"]): error["message"] for error in found} == mistakes
    assert {error["extensions"]["code"] for error in found} == {"INVALID_INPUT"}


async def test_a_missing_value_names_its_place_in_the_words_of_graphql() -> None:
    (error,) = await errors(ADD_DOMAIN, input={"host": "blog"})
    assert "'applicationId'" in error["message"]
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": ["input"]}


async def test_a_bad_literal_is_pointed_at() -> None:
    query = 'mutation { addDomain(input: {applicationId: "1", host: "a:80"}) { errors { code } } }'
    (error,) = await errors(query)
    assert error["message"].startswith("'a:80' is not a host name.")
    assert error["locations"] == [{"line": 1, "column": query.index('"a:80"') + 1}]
    assert error["extensions"] == {"code": "INVALID_INPUT"}


async def test_a_number_with_more_digits_than_python_reads_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    (error,) = await errors(f"{{ applications(first: {'1' * 5000}) {{ edges {{ cursor }} }} }}")
    assert error["message"] == "The number has too many digits."
    assert error["extensions"] == {"code": "INVALID_INPUT"}
    assert error["locations"] == [{"line": 1, "column": 23}]
    assert not caplog.records


async def test_what_a_query_refuses_is_an_error_with_its_code(caplog: pytest.LogCaptureFixture) -> None:
    (error,) = await errors('{ application(id: "nonsense") { id } }')
    assert error["message"] == "No application has the id 'nonsense'."
    assert error["extensions"] == {"code": "NOT_FOUND", "field": ["id"]}
    assert not caplog.records


async def test_an_engine_that_does_not_answer_is_told_and_is_no_crash(caplog: pytest.LogCaptureFixture) -> None:
    (error,) = await errors("{ docker }")
    assert error["message"] == "Docker does not answer at unix:///var/run/docker.sock."
    assert error["extensions"] == {"code": "ENGINE_UNREACHABLE"}
    assert not caplog.records


async def test_a_bug_is_masked_and_logged_under_the_id_the_client_sees(caplog: pytest.LogCaptureFixture) -> None:
    (error,) = await errors("{ bug }")
    known = error["extensions"]["id"]
    assert error["message"] == f"Something went wrong on our side (error {known})."
    assert error["extensions"] == {"code": "INTERNAL", "id": known}
    assert error["path"] == ["bug"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert known in record.getMessage()
    assert "hunter2" in str(record.exc_info)


async def test_two_bugs_have_two_ids(caplog: pytest.LogCaptureFixture) -> None:
    first, second = await errors("{ bug again: bug }")
    assert first["extensions"]["id"] != second["extensions"]["id"]
    assert len(caplog.records) == 2


def test_one_bug_in_many_fields_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    bug = RuntimeError("the table is gone")
    found = presented(GraphQLError(str(bug), path=["list", n], original_error=bug) for n in range(100))
    assert len(caplog.records) == 1
    assert len({error.message for error in found}) == 1
    assert [error.path for error in found] == [["list", n] for n in range(100)]


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (DockerTimeout("Docker took too long."), "ENGINE_UNREACHABLE"),
        (PortTaken("Port 80 is taken."), "ENGINE_FAILURE"),
        (ProxyFailure("The proxy did not start."), "PROXY_FAILURE"),
        (NotNow("It is being removed."), "NOT_NOW"),
    ],
)
def test_what_the_engine_says_reaches_the_client_with_a_code(cause: EngineError, code: str) -> None:
    (error,) = presented([GraphQLError(str(cause), original_error=cause)])
    assert (error.message, error.extensions) == (cause.sentence, {"code": code})


async def test_siblings_are_fetched_together_and_nothing_is_kept() -> None:
    asked: list[list[int]] = []

    async def squares(_engine: object, keys: list[int]) -> list[int]:
        asked.append(keys)
        return [key * key for key in keys]

    fields = context()
    for _ in range(2):
        assert list(await asyncio.gather(fields.load(squares, 2), fields.load(squares, 3))) == [4, 9]
    assert asked == [[2, 3], [2, 3]]


class Colour(Enum):
    RED = "r"
    GREEN = "g"


def test_every_value_of_an_enum_needs_its_explanation() -> None:
    with pytest.raises(KeyError, match="GREEN"):
        described(Colour, "A colour.", RED="Like blood.")
    with pytest.raises(ValueError, match="Colour has no BLUE"):
        described(Colour, "A colour.", RED="Like blood.", GREEN="Like grass.", BLUE="Like the sea.")
