"""graphql-transport-ws: the life of operations on an open socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import gql
import pytest
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.graph.conftest import CLIENTS, Served
from tests.graph.small import BEGUN, DOOR, ENDED, RUNNING
from tests.graph.sockets import ACK, Socket, connected, raw, subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_ids_that_are_unknown_or_done_are_ignored_and_free(served: Served) -> None:
    async with connected(served) as socket:
        await socket.send({"type": "complete", "id": "never"})
        for _ in range(2):
            await socket.send(subscribe("{ viewer }", variables=None, operationName=None, extensions=None))
            assert await socket.receive() == {"type": "next", "id": "1", "payload": {"data": {"viewer": "laptop"}}}
            assert await socket.receive() == {"type": "complete", "id": "1"}
            await socket.send({"type": "complete", "id": "1"})


async def test_a_stream_ends_when_either_side_says_so(served: Served) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe("subscription { count(to: 2) }"))
        assert [(await socket.receive())["type"] for _ in range(3)] == ["next", "next", "complete"]
        await socket.send(subscribe("subscription { forEver }"))
        assert (await socket.receive())["payload"] == {"data": {"forEver": "open"}}
        await socket.send({"type": "complete", "id": "1"})
        await RUNNING.until(0)
        await socket.send(subscribe("{ viewer }"))
        assert (await socket.receive())["payload"] == {"data": {"viewer": "laptop"}}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"query": ""}, ""),
        ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
        ({"query": "{ nothing }"}, "Cannot query field 'nothing' on type 'Query'."),
        ({"query": "query A { viewer }", "operationName": "B"}, 'Unknown operation named "B".'),
        ({"query": "query A { viewer } query B { viewer }"}, "choose one with operationName"),
        ({"query": "fragment A on Query { viewer }"}, "Can't get GraphQL operation type"),
        (
            {"query": "query ($text: String!) { echo(text: $text) }", "variables": {"text": 5}},
            "text: A string is needed.",
        ),
        (
            {"query": "subscription ($to: Int!) { count(to: $to) }"},
            "to: The variable $to is needed.",
        ),
    ],
)
async def test_what_cannot_be_executed_is_an_error_of_its_operation_alone(
    served: Served, caplog: pytest.LogCaptureFixture, payload: dict[str, object], message: str
) -> None:
    async with connected(served) as socket:
        for _ in range(2):  # the second time from the caches
            await socket.send({"type": "subscribe", "id": "bad", "payload": payload})
            answer = await socket.receive()
            assert (answer["type"], answer["id"]) == ("error", "bad")
            assert message in answer["payload"][0]["message"]
        await socket.send(subscribe("{ viewer }"))
        assert (await socket.receive())["payload"] == {"data": {"viewer": "laptop"}}
    assert not caplog.records


async def test_a_stream_that_breaks_ends_with_an_error_that_says_why(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe('subscription { breaks(how: "expired") }'))
        assert (await socket.receive())["payload"] == {"data": {"breaks": 1}}
        error = await socket.receive()
        assert error["type"] == "error"
        assert error["payload"][0]["message"] == "The log begins later than that."
        assert error["payload"][0]["extensions"] == {"code": "CURSOR_EXPIRED"}
        assert not caplog.records

        await socket.send(subscribe('subscription { breaks(how: "bug") }'))
        await socket.receive()
        (bug,) = (await socket.receive())["payload"]
        assert bug["extensions"]["code"] == "INTERNAL"
        assert "hunter2" not in json.dumps(bug)
        assert [bug["extensions"]["id"] in record.getMessage() for record in caplog.records] == [True]


async def test_an_answer_that_cannot_be_encoded_is_a_masked_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe("{ unprintable }"))
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "INTERNAL"
        assert len(caplog.records) == 1


async def test_a_bug_while_signing_in_closes_with_a_code(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async with raw(served) as socket:
        await socket.send({"type": "connection_init", "payload": {"token": "broken"}})
        assert await socket.closed() == (4500, "Internal server error")
    assert len(caplog.records) == 1


async def test_one_socket_runs_a_hundred_operations_and_no_more(served: Served) -> None:
    async with connected(served) as socket:
        await socket.send(*(subscribe("subscription { forEver }", str(n)) for n in range(101)))
        answers = [await socket.receive() for _ in range(101)]
        assert [answer["id"] for answer in answers if answer["type"] == "error"] == ["100"]
    await RUNNING.until(0)


@pytest.mark.parametrize("query", ["subscription { forEver }", "subscription { busy }"])
async def test_a_client_that_vanishes_frees_what_it_held(
    served: Served, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    async with connected(served) as socket:
        await socket.send(subscribe(query), subscribe("subscription { forEver }", "2"))
        await RUNNING.until(1 + (query == "subscription { forEver }"))
        await socket.hang_up()
        await RUNNING.until(0)
    assert not caplog.records


async def test_sockets_of_a_revoked_token_are_closed_and_others_are_not(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served) as revoked, raw(served) as other:
        await revoked.send(subscribe("subscription { forEver }"), subscribe("subscription { busy }", "2"))
        await other.send({"type": "connection_init", "payload": {"token": "setup"}})
        assert await other.receive() == ACK
        assert len(served.sockets) == 2
        await RUNNING.until(1)
        await served.sockets.close(f"ApiToken:{'token-1'}")
        assert await revoked.closed() == (4403, "Forbidden")
        await RUNNING.until(0)
        await other.send({"type": "ping"})
        assert await other.receive() == {"type": "pong"}
    assert not caplog.records


async def test_a_token_may_revoke_itself(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(served) as first, connected(served) as second:
        await first.send(subscribe("mutation { revokeOwnToken { errors { code } } }"))
        assert await first.closed() == await second.closed() == (4403, "Forbidden")
    assert not caplog.records


async def test_the_client_that_browsers_use_is_served(served: Served) -> None:
    client = await asyncio.create_subprocess_exec(
        *("node", str(CLIENTS / "watch.mjs"), served.websocket, "owner", "subscription { count(to: 3) }"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await client.communicate()
    assert [json.loads(line) for line in output.splitlines()] == [{"data": {"count": n}} for n in range(3)]
    assert client.returncode == 0


async def test_the_client_that_scripts_in_python_use_is_served(served: Served) -> None:
    transport = WebsocketsTransport(
        served.websocket,
        init_payload={"token": "owner"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    async with gql.Client(transport=transport) as session:
        counted = [answer async for answer in session.subscribe(gql.gql("subscription { count(to: 3) }"))]
        assert counted == [{"count": n} for n in range(3)]
        with pytest.raises(TransportQueryError, match="The log begins later than that"):
            async for _ in session.subscribe(gql.gql('subscription { breaks(how: "expired") }')):
                pass


@pytest.mark.parametrize("leave", [Socket.hang_up, Socket.give_up], ids=["hang up", "complete"])
async def test_a_mutation_that_has_begun_is_finished_whoever_leaves(
    served: Served, leave: Callable[[Socket], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    begun, ended = BEGUN.now, ENDED.now
    async with connected(served) as socket:
        twice = "mutation { first: waitAtTheDoor { errors { code } } second: waitAtTheDoor { errors { code } } }"
        await socket.send(subscribe(twice))
        await BEGUN.until(begun + 1)
        await leave(socket)
        if leave is Socket.give_up:
            await socket.send(subscribe("{ viewer }", "2"))
            assert (await socket.receive())["id"] == "2", "the other operation has ended by then"
    while len(served.sockets):
        await asyncio.sleep(0.01)
    DOOR.set()
    await ENDED.until(ended + 1)
    assert BEGUN.now == begun + 1, "what had not begun does not begin"
    assert not caplog.records
