"""GraphQL over HTTP, by its specification."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from graph import http, limits
from graph.cost import MAX_COST
from graph.http import MAX_BODY
from graph.negotiation import EVENTS, GRAPHQL, JSON, accepted
from tests.graph.conftest import CLIENTS, Served
from tests.graph.small import BEGUN, DOOR, ENDED

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(served: Served) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": "Bearer owner"}
    async with httpx2.AsyncClient(base_url=f"http://{served.address}", headers=headers) as client:
        yield client


async def test_the_audits_of_the_specification_are_all_met(served: Served) -> None:
    audit = await asyncio.create_subprocess_exec(
        *("node", str(CLIENTS / "audit.mjs"), served.http, "owner"), stdout=asyncio.subprocess.PIPE
    )
    report, _ = await audit.communicate()
    assert audit.returncode == 0, report.decode()


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        ("application/json, text/plain, */*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        ("APPLICATION/JSON; Charset=UTF-8", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("text/event-stream", EVENTS),
        (f"text/event-stream, {JSON}", JSON),
        ("text/*", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=much", None),
        (f"{JSON};charset=utf-16", None),
        (",;=,/", None),
    ],
)
async def test_the_answer_has_the_media_type_that_the_client_likes_best(
    accept: str | None, answer: str | None
) -> None:
    assert accepted(accept) == answer


async def test_a_client_that_takes_neither_media_type_gets_406(client: httpx2.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ viewer }"}, headers={"Accept": "text/plain"})
    assert response.status_code == 406


QUERY = b'{"query": "{ viewer }"}'


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", QUERY, 200),
        ("application/json; charset=utf-8", QUERY, 200),
        ('Application/JSON; charset="UTF-8"', QUERY, 200),
        ("application/json; charset=latin-1", QUERY, 415),
        ("text/plain", QUERY, 415),
        ("multipart/form-data; boundary=x", QUERY, 415),
        ("application/graphql", b"{ viewer }", 415),
        ("", QUERY, 415),
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b"[" + QUERY + b"]", 400),
        ("application/json", b"null", 400),
        ("application/json", b'{"query": ""}', 400),
        ("application/json", b'{"query": "\xff"}', 400),
        ("application/json", b'{"query": "{ viewer }", "operationName": 1}', 400),
        ("application/json", b'{"query": "{ viewer }", "variables": []}', 400),
        ("application/json", b'{"query": "{ viewer }", "extensions": ""}', 400),
        ("application/json", b" " * (MAX_BODY - len(QUERY)) + QUERY, 200),
        ("application/json", b" " * (MAX_BODY - len(QUERY) + 1) + QUERY, 413),
    ],
)
async def test_a_body_is_one_json_object_of_bounded_size(
    client: httpx2.AsyncClient, content_type: str, body: bytes, status: int
) -> None:
    response = await client.post("/graphql", content=body, headers={"Content-Type": content_type})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert ("data" in response.json()) == (status == 200)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
        ({"query": "{ nothing }"}, "Cannot query field 'nothing' on type 'Query'."),
        ({"query": "{ ...nothing }"}, "Unknown fragment 'nothing'."),
        ({"query": "query A { viewer } query B { viewer }", "operationName": "C"}, 'Unknown operation named "C".'),
        (
            {"query": "query A { viewer } query B { viewer }"},
            "The document has several operations: choose one with operationName.",
        ),
        (
            {"query": "subscription { forEver }"},
            "Subscriptions need a websocket, or a client that accepts text/event-stream.",
        ),
        (
            {"query": "query ($text: String!) { echo(text: $text) }"},
            "text: The variable $text is needed.",
        ),
    ],
)
async def test_a_request_that_cannot_be_executed_is_400_and_for_old_clients_200(
    client: httpx2.AsyncClient, request_: dict[str, Any], sentence: str
) -> None:
    for media_type, status in ((GRAPHQL, 400), (JSON, 200)):
        response = await client.post("/graphql", json=request_, headers={"Accept": media_type})
        assert response.status_code == status
        assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
        (error,) = response.json().pop("errors")
        assert error["message"] == sentence
        assert "data" not in response.json()


async def test_the_cost_is_told_to_who_asks_for_it(client: httpx2.AsyncClient) -> None:
    request = {"query": "{ applications(first: 5) { nodes { id } } }", "extensions": {"cost": True}}
    response = await client.post("/graphql", json=request)
    assert response.json()["extensions"] == {"cost": {"requested": 11, "limit": MAX_COST}}
    response = await client.post("/graphql", json={"query": request["query"]})
    assert "extensions" not in response.json()


async def test_what_is_too_large_is_400_and_what_takes_too_long_504(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Accept": GRAPHQL}
    deep = {"query": "{ a " * 20 + "}" * 20}
    assert (await client.post("/graphql", json=deep, headers=headers)).status_code == 400
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.05)
    begun, ended = BEGUN.now, ENDED.now
    long = {"query": "mutation { waitAtTheDoor { errors { code } } }"}
    assert (await client.post("/graphql", json=long, headers=headers)).status_code == 504
    DOOR.set()
    await ENDED.until(ended + BEGUN.now - begun)


async def test_a_body_that_does_not_arrive_in_time_is_408_and_the_connection_is_closed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.2)
    address, _, port = served.address.partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    )
    answer = asyncio.create_task(_all_that_comes(reader))
    while not answer.done():
        writer.write(b" ")
        await asyncio.wait([answer], timeout=0.02)
    head, _, body = (await answer).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"The body did not arrive within 0.2 seconds."' in body
    assert b'"TIMEOUT"' in body
    writer.close()


async def _all_that_comes(reader: asyncio.StreamReader) -> bytes:
    received = b""
    with suppress(ConnectionResetError):  # by what is written to a connection that has just been closed
        while part := await reader.read(65536):
            received += part
    return received


@pytest.mark.parametrize(
    ("query", "data"), [("{ viewer docker }", {"viewer": "laptop", "docker": None}), ("{ fatal }", None)]
)
async def test_an_error_in_a_field_is_200_with_what_there_is(
    client: httpx2.AsyncClient, query: str, data: dict[str, Any] | None
) -> None:
    response = await client.post("/graphql", json={"query": query}, headers={"Accept": GRAPHQL})
    assert response.status_code == 200
    assert response.json()["data"] == data
    assert response.json()["errors"][0]["path"]


async def test_queries_come_by_get_too(client: httpx2.AsyncClient) -> None:
    parameters = {
        "query": "query A { viewer } query B ($text: String!) { echo(text: $text) }",
        "operationName": "B",
        "variables": '{"text": "ahoy 🚢"}',
    }
    assert (await client.get("/graphql", params=parameters)).json() == {"data": {"echo": "ahoy 🚢"}}
    assert (await client.get("/graphql", params=parameters | {"variables": "{"})).status_code == 400
    assert (await client.get("/graphql", params=parameters | {"variables": "[]"})).status_code == 400
    assert (await client.get("/graphql", params={})).status_code == 400


async def test_get_never_runs_a_mutation(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": "mutation { createToken { errors { message } } }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_405(client: httpx2.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_a_browser_that_looks_gets_a_plain_answer(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 400
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        ("", 'Bearer realm="wharfinger"'),
        ("Basic b3duZXI6", 'Bearer realm="wharfinger"'),
        ("Bearer", 'Bearer realm="wharfinger"'),
        ("Bearer wrong", 'Bearer realm="wharfinger", error="invalid_token"'),
    ],
)
async def test_nobody_gets_in_without_a_token(client: httpx2.AsyncClient, authorization: str, challenge: str) -> None:
    headers = {"Authorization": authorization}
    response = await client.post("/graphql", json={"query": "{ viewer }"}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == challenge
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_the_word_bearer_has_no_case(client: httpx2.AsyncClient) -> None:
    headers = {"Authorization": "bearer  owner"}
    assert (await client.post("/graphql", json={"query": "{ viewer }"}, headers=headers)).status_code == 200


@pytest.mark.parametrize(("token", "query"), [("broken", "{ viewer }"), ("owner", "{ unprintable }")])
async def test_a_bug_outside_of_resolvers_is_masked_and_logged_too(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, token: str, query: str
) -> None:
    response = await client.post("/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert error["extensions"]["id"] in record.getMessage()


async def test_a_client_that_hangs_up_in_the_middle_of_its_body_leaves_no_trace(
    served: Served, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = served.address.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await client.post("/graphql", json={"query": "{ viewer }"})).status_code == 200
    assert not caplog.records
