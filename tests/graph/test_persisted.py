"""Operations that are asked for by hash: who may, what is remembered, and that clients get along with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import httpx2
import pytest
import pytest_asyncio

from engine.accounts.viewer import anybody_at
from engine.telemetry import Telemetry
from graph.documents import Documents
from graph.http import GraphQLView
from graph.permissions import Viewer
from graph.persisted import OTHER, Persisted, Unresolved, digest_of
from graph.sockets import Sockets
from tests.graph.conftest import CLIENTS, Served, serving
from tests.graph.small import OWNER, SCHEMA, SETUP
from tests.graph.sockets import connected

if TYPE_CHECKING:
    from engine.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN = "query Dashboard { viewer }"
STREAMED = "subscription Streamed { count(to: 1) }"
OTHER_OWNER = replace(OWNER, name="tablet", token_id="token-3")
TOKENS = {"owner": OWNER, "other": OTHER_OWNER, "setup": SETUP}
NO_OBJECT = "extensions.persistedQuery must be an object with version and sha256Hash."
NOT_FOUND = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}


@dataclass(frozen=True)
class Asking:
    """Somebody who asks over HTTP."""

    client: httpx2.AsyncClient
    address: str
    telemetry: Telemetry

    async def post(self, token: str | None = "owner", **body: object) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post("/graphql", json=body, headers=headers)

    async def get(self, token: str = "owner", **parameters: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.get("/graphql", params=parameters, headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asking() -> AsyncIterator[Asking]:
    telemetry = Telemetry()
    view = GraphQLView(
        SCHEMA,
        engine=cast("Engine", object()),
        telemetry=telemetry,
        authenticate=lambda token, _address: TOKENS.get(token),
        sockets=Sockets(),
        operations={digest_of(text): text for text in (KNOWN, STREAMED)},
    )
    async with serving(view) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield Asking(client, f"127.0.0.1:{port}", telemetry)


def by_hash(text: str, **more: object) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text), **more}}


def errors(response: httpx2.Response) -> list[dict[str, Any]]:
    body = response.json()
    assert "data" not in body
    return cast(list[dict[str, Any]], body["errors"])


async def test_an_unknown_hash_is_told_as_clients_expect_it_and_the_text_makes_it_known(asking: Asking) -> None:
    text = "query First { viewer }"
    assert errors(await asking.post(extensions=by_hash(text))) == [NOT_FOUND]
    assert (await asking.post(query=text, extensions=by_hash(text))).json() == {"data": {"viewer": "laptop"}}
    assert (await asking.post(extensions=by_hash(text))).json() == {"data": {"viewer": "laptop"}}
    assert (await asking.get(extensions=json.dumps(by_hash(text)))).json() == {"data": {"viewer": "laptop"}}


async def test_what_somebody_registered_is_known_to_nobody_else(asking: Asking) -> None:
    text = 'query Mine { echo(text: "hunter2") }'
    await asking.post(query=text, extensions=by_hash(text))
    assert errors(await asking.post("other", extensions=by_hash(text))) == [NOT_FOUND]
    await asking.post("other", query=text, extensions=by_hash(text))
    assert (await asking.post("other", extensions=by_hash(text))).json() == {"data": {"echo": "hunter2"}}
    assert errors(await asking.post("other", extensions=by_hash(text.upper()))) == [NOT_FOUND]


async def test_what_is_known_from_the_start_is_known_to_all_with_their_own_rights(asking: Asking) -> None:
    assert (await asking.post("other", extensions=by_hash(KNOWN))).json() == {"data": {"viewer": "tablet"}}
    (refused,) = (await asking.post("setup", extensions=by_hash(KNOWN))).json()["errors"]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert (await asking.post(None, extensions=by_hash(KNOWN))).status_code == 401


async def test_a_mutation_by_hash_needs_post(asking: Asking) -> None:
    text = "mutation { createToken { errors { message } } }"
    await asking.post("setup", query=text, extensions=by_hash(text))
    response = await asking.get("setup", extensions=json.dumps(by_hash(text)))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("extensions", "sentence"),
    [
        (by_hash("{ bug }"), "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query."),
        (by_hash("{ viewer }", version=2), "extensions.persistedQuery.version must be 1."),
        (
            {"persistedQuery": {"version": 1}},
            "extensions.persistedQuery must be an object with version and sha256Hash.",
        ),
        ({"persistedQuery": None}, "extensions.persistedQuery must be an object with version and sha256Hash."),
    ],
)
async def test_what_does_not_fit_together_is_refused(
    asking: Asking, extensions: dict[str, Any], sentence: str
) -> None:
    response = await asking.post(query="{ viewer }", extensions=extensions)
    assert errors(response) == [{"message": sentence, "extensions": {"code": "BAD_REQUEST"}}]
    new = {"Accept": "application/graphql-response+json", "Authorization": "Bearer owner"}
    body = {"query": "{ viewer }", "extensions": extensions}
    assert (await asking.client.post("/graphql", json=body, headers=new)).status_code == 400


async def test_a_query_of_another_type_is_no_hash(asking: Asking) -> None:
    wrong: list[object] = [5, [], {}]
    for query in wrong:
        response = await asking.post(query=query, extensions=by_hash(KNOWN))
        assert errors(response)[0]["message"] == "query must be a string, and not empty."
        assert response.status_code == 400


async def test_only_a_text_that_is_valid_is_remembered_and_only_for_somebody() -> None:
    persisted = Persisted(SCHEMA)
    for text, viewer in (("{", OWNER), ("{ nothing }", OWNER), ("query Visitor { viewer }", anybody_at("192.0.2.1"))):
        assert persisted.text(text, by_hash(text), viewer) == text
        with pytest.raises(Unresolved):
            persisted.text(None, by_hash(text), viewer)


async def test_registered_texts_share_the_bound_of_the_documents() -> None:
    documents = Documents(1_000_000)
    for number in range(1000):
        text = f"{{ a{number}: viewer }}"
        documents.read(text)
        for owner in range(10):
            documents.register(digest_of(text), text, f"User:{owner}")
        assert documents.registered(digest_of(text), "User:1") == text
        assert documents.bytes <= 1_000_000
    assert 10 < len(documents) == len(documents._by_digest) < 1000
    assert documents.registered(digest_of("{ a0: viewer }"), "User:1") is None


async def test_one_text_that_everybody_registers_does_not_outgrow_the_bound_either() -> None:
    documents = Documents(1_000_000)
    documents.read("{ viewer }")
    for owner in range(10_000):
        documents.register(digest_of("{ viewer }"), "{ viewer }", f"User:{owner}")
    assert documents.bytes <= 1_000_000


async def test_an_operation_has_a_name_for_all_to_read_only_if_it_is_known_from_the_start() -> None:
    persisted = Persisted(SCHEMA, {digest_of(KNOWN): KNOWN})
    assert persisted.described(KNOWN, None) == ("query", "Dashboard")
    assert persisted.described("query Secret { viewer }", "Secret") == ("query", OTHER)
    assert persisted.described("{", None) == ("unknown", OTHER)


async def test_a_socket_takes_hashes_too(asking: Asking) -> None:
    text = "subscription Three { count(to: 1) }"
    async with connected(Served(asking.address, Sockets())) as socket:
        for payload, expected in (
            ({"extensions": by_hash(text)}, ("error", [NOT_FOUND])),
            ({"query": text, "extensions": by_hash(text)}, ("next", {"data": {"count": 0}})),
            ({"extensions": by_hash(text)}, ("next", {"data": {"count": 0}})),
        ):
            await socket.send({"type": "subscribe", "id": "1", "payload": payload})
            answer = await socket.receive()
            assert (answer["type"], answer["payload"]) == expected
            if answer["type"] == "next":
                assert (await socket.receive())["type"] == "complete"


async def test_a_stream_of_events_takes_hashes_too_and_is_counted_as_one(asking: Asking) -> None:
    headers = {"Authorization": "Bearer owner", "Accept": "text/event-stream"}
    parameters = {"extensions": json.dumps(by_hash(STREAMED))}
    counted = asking.telemetry.metrics.operations.values
    answer = await asking.client.get("/graphql", params=parameters, headers=headers)
    assert '"count":0' in answer.text
    assert counted["subscription", "Streamed", "sse", "ok"] == 1
    assert ("subscription", "Streamed", "http", "ok") not in counted


async def test_urql_and_apollo_get_along_with_it(asking: Asking) -> None:
    address = asking.address
    process = await asyncio.create_subprocess_exec(
        *("node", str(CLIENTS / "persisted.mjs"), f"http://{address}/graphql", f"ws://{address}/graphql"),
        *("owner", KNOWN),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    seen = json.loads(output)
    viewer = {"viewer": "laptop"}
    assert seen["known"] == {"answers": [{"data": viewer}], "requests": [["POST", False]]}
    assert seen["urql"]["answers"] == [viewer] * 2
    assert seen["urql"]["requests"] == [["GET", False], ["GET", True], ["GET", False]]
    assert seen["urqlSubscription"]["answers"] == [{"count": 0}] * 2
    assert seen["urqlSubscription"]["requests"] == [["subscribe", False], ["subscribe", True], ["subscribe", False]]
    assert seen["apollo"]["answers"] == [viewer] * 3
    assert [text for _, text in seen["apollo"]["requests"]] == [False, True, False, False]


async def test_viewers_of_one_user_share_what_they_register() -> None:
    persisted = Persisted(SCHEMA)
    phone, laptop = (Viewer("Ada", OWNER.authority, user_id="ada", session_id=each) for each in ("1", "2"))
    text = "query Shared { viewer }"
    persisted.text(text, by_hash(text), phone)
    assert persisted.text(None, by_hash(text), laptop) == text
