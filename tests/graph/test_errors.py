import asyncio
import logging
from enum import Enum

import pytest
from graphql import GraphQLError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

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
        ({"host": "blog"}, {("input", "applicationId"): "applicationId is needed."}),
        (adding(None), {("input", "host"): "A value is needed; null is none."}),
        (adding("blog") | {"\u0130": 1}, {("input",): "AddDomainInput has no field '\u0130'."}),
        ([], {("input",): "The fields of AddDomainInput are needed."}),
        (
            adding("blog", ports=[0] * 1000),
            {
                ("input", "ports", str(n)): "0 is not a port. A port is a whole number from 1 to 65535."
                for n in range(20)
            },
        ),
    ],
)
async def test_what_is_wrong_with_an_input_is_told_by_its_fields(
    input_: object, mistakes: dict[tuple[str, ...], str]
) -> None:
    payload = (await data(ADD_DOMAIN, input=input_))["addDomain"]
    assert payload["application"] is None
    assert {tuple(error["field"]): error["message"] for error in payload["errors"]} == mistakes
    assert {error["code"] for error in payload["errors"]} == {"INVALID_INPUT"}


async def test_literals_and_the_variables_in_them_are_told_by_their_fields() -> None:
    query = """
        mutation($host: Hostname!, $port: Port!) {
            bad: addDomain(input: {applicationId: 5, host: $host, ports: [80, "x", $port]}) {
                errors { field message }
            }
            good: addDomain(input: {applicationId: "1", host: "shop.example.com"}) {
                errors { field } application { id }
            }
        }
    """
    answered = await data(query, host="a:80", port=0)
    assert [(error["field"], error["message"]) for error in answered["bad"]["errors"]] == [
        (
            ["input", "host"],
            "'a:80' is not a host name. A host name looks like blog.example.com: no scheme, port, path or wildcard.",
        ),
        (["input", "ports", "1"], "A whole number is needed."),
        (["input", "ports", "2"], "0 is not a port. A port is a whole number from 1 to 65535."),
    ]
    assert answered["good"] == {"errors": [], "application": {"id": global_id("Application", KEYS[0])}}


async def test_a_string_needs_quotes() -> None:
    answered = await data(
        'mutation { addDomain(input: {applicationId: "1", host: shop}) { errors { field message } } }'
    )
    assert answered["addDomain"]["errors"] == [{"field": ["input", "host"], "message": "A string needs quotes."}]


async def test_a_wrong_variable_that_is_needed_elsewhere_stops_the_whole_request() -> None:
    query = """
        mutation($input: AddDomainInput!, $host: Hostname!, $also: Boolean!) {
            addDomain(input: $input) { errors { field } }
            other: addDomain(input: {applicationId: "1", host: $host}) {
                errors { field } application @include(if: $also) { id }
            }
        }
    """
    (error,) = await errors(query, input=adding("blog"), host="blog", also="perhaps")
    assert (error["message"], error["extensions"]["field"]) == (
        "also: true or false is needed.",
        ["also"],
    )
    both = await errors(query, input=adding("a:80"), host="blog", also=1)
    assert [error["extensions"]["field"] for error in both] == [["input", "host"], ["also"]]


async def test_whether_somebody_may_comes_before_what_is_wrong_with_the_input() -> None:
    (error,) = await errors(ADD_DOMAIN, viewer=SETUP, input=adding("a:80"))
    assert error["extensions"] == {"code": "FORBIDDEN"}


@pytest.mark.parametrize(
    ("input_", "sentence", "field"),
    [
        ('{applicationId: "1"}', "host is needed.", ["host"]),
        ('{applicationId: "1", host: null}', "A value is needed; null is none.", ["host"]),
        ('{applicationId: "1", host: "a", hots: 1}', "AddDomainInput has no field 'hots'. Did you mean host?", []),
        ("5", "The fields of AddDomainInput are needed.", []),
    ],
)
async def test_a_document_that_does_not_fit_the_schema_is_pointed_at(
    input_: str, sentence: str, field: list[str]
) -> None:
    (error,) = await errors(f"mutation {{ addDomain(input: {input_}) {{ errors {{ code }} }} }}")
    assert error["message"] == f"{'.'.join(['input', *field])}: {sentence}"
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": ["input", *field]}
    assert error["locations"][0]["line"] == 1


@pytest.mark.parametrize("number", ["1" * 5000, "99999999999", '"1"', "1.5", "[1]", "{a: 1}", "ONE"])
async def test_a_literal_of_another_type_in_a_query_is_pointed_at(
    number: str, caplog: pytest.LogCaptureFixture
) -> None:
    (error,) = await errors(f"{{ applications(first: {number}) {{ edges {{ cursor }} }} }}")
    assert error["message"] == "first: A whole number from -2147483648 to 2147483647 is needed."
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": ["first"]}
    assert error["locations"] == [{"line": 1, "column": 23}]
    assert not caplog.records


@pytest.mark.parametrize(
    ("query", "extensions"),
    [
        ("{ echo }", {"code": "INVALID_INPUT", "field": ["text"]}),
        (
            "query($n: Int = 5) { applications(first: $n) { nodes { id } } }",
            {"code": "INVALID_INPUT", "field": ["first"]},
        ),
        ("query($n: Nothing) { applications(first: $n) { nodes { id } } }", {"code": "BAD_REQUEST"}),
        ("{ nothing }", {"code": "BAD_REQUEST"}),
        ("{", {"code": "BAD_REQUEST"}),
        ("{ a: viewer " + "b" * 70_000 + " }", {"code": "TOO_LARGE"}),
        ("{ echo(text: " + "[" * 900 + "]" * 900 + ") }", {"code": "TOO_LARGE"}),
        ("fragment A on Query { viewer }", {"code": "BAD_REQUEST"}),
    ],
)
async def test_every_error_of_a_request_has_a_code(query: str, extensions: dict[str, object]) -> None:
    result = await SCHEMA.stream(query, variable_values={"n": None}, context_value=context())
    async for each in result:
        assert isinstance(each, ExecutionResult | PreExecutionError)
        assert [error.formatted["extensions"] for error in each.errors or ()] == [extensions]


async def test_what_was_sent_is_repeated_in_parts_that_can_be_shown() -> None:
    name, unprintable = "a" * 60_000, "\u202e"
    for query in (f"{{ {name} }}", f"{{ echo(text: 1, {name}: 1) }}", f"{{ a(b: {unprintable}) }}"):
        for error in await errors(query):
            assert len(error["message"]) < 1000
            assert error["message"].isprintable()


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
