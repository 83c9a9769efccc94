"""Connections at the door: who dawdles and who comes in crowds is sent away, and others find room."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, cast

import pytest
import websockets

from graph.doors import Crowd, Door
from graph.headers import STRICT
from graph.http import GraphQLView
from graph.sockets import Sockets
from tests.graph.conftest import authenticate, serving
from tests.graph.small import SCHEMA

if TYPE_CHECKING:
    from engine.engine import Engine

POST = b"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\nContent-Type: application/json\r\n"
BODY = b'{"query": "{ viewer }"}'
GOOD = POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@asynccontextmanager
async def served(**of_door: object) -> AsyncIterator[int]:
    """The port of a server, with a door that has these attributes."""
    view = GraphQLView(SCHEMA, engine=cast("Engine", object()), authenticate=authenticate, sockets=Sockets())
    async with serving(view, http=type("Door", (Door,), {"crowd": Crowd(), **of_door})) as port:
        yield port


async def said(reader: asyncio.StreamReader) -> bytes:
    """All that is said until the connection is closed."""
    return await asyncio.wait_for(reader.read(), 10)


@pytest.mark.parametrize(
    "beginning",
    [b"", b"\r\n", b"PO", POST, GOOD + b"PO", GOOD + b"\r\n\r\n"],
    ids=["nothing", "an empty line", "half a word", "half a head", "half a second request", "empty lines after one"],
)
async def test_a_head_that_does_not_arrive_in_time_is_answered_with_408(beginning: bytes) -> None:
    async with served(patience=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if beginning.startswith(GOOD):
            writer.write(GOOD)
            await reader.readuntil(b'{"viewer":"laptop"}}')
        writer.write(beginning.removeprefix(GOOD))
        head, _, body = (await said(reader)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"connection: close" in head
        assert all(name in head for name, _ in STRICT)
        assert body == b"The request took too long.\n"
        writer.close()


async def test_bytes_that_trickle_in_do_not_prolong_it() -> None:
    async with served(patience=0.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.create_task(said(reader))
        began = asyncio.get_running_loop().time()
        while not answer.done():
            writer.write(b"\r\n")
            await asyncio.wait([answer], timeout=0.05)
        assert (await answer).startswith(b"HTTP/1.1 408 ")
        assert asyncio.get_running_loop().time() - began < 2
        writer.close()


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /" + b"x" * 10_000_000,
        POST + b"X-Long: " + b"x" * 10_000_000,
        POST + b"X-Many: x\r\n" * 1_000_000,
        POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"X-Many: x\r\n" * 1_000_000,
        POST + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 10_000_000,
        GOOD + POST + b"X-Long: " + b"x" * 10_000_000,
    ],
    ids=["an address", "a header", "headers", "trailers", "a chunk's extension", "a second head"],
)
async def test_a_head_has_a_size(endless: bytes) -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(endless)
        answer = asyncio.create_task(said(reader))
        with suppress(ConnectionError):
            await writer.drain()
        with suppress(ConnectionError):  # what was not read when it was closed makes the kernel forget the answer
            assert (
                b"HTTP/1.1 431 Request Header Fields Too Large" in await answer or b"HTTP/1.1 400" in answer.result()
            )
        writer.close()


async def test_a_body_in_small_pieces_is_read() -> None:
    body = b'{"query": "{ viewer }", "x": "' + b"x" * 500_000 + b'"}'
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in batched(body, 1_000))
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            await reader.readuntil(b'{"viewer":"laptop"}}')
        writer.close()


def batched(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


async def test_who_does_not_read_an_answer_is_cut_off() -> None:
    async with served(last_chance=0.2) as port:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        query = (
            b'{"query": "{ '
            + b" ".join(b'a%d: echo(text: \\"%b\\")' % (n, b"x" * 1_500) for n in range(30))
            + b' }"}'
        )
        request = POST + b"Content-Length: %d\r\n\r\n" % len(query) + query

        async def ask_for_ever() -> None:
            while True:
                writer.write(request)
                await writer.drain()

        try:
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(ask_for_ever(), 10)
        finally:
            writer.transport.abort()


async def test_who_finds_no_room_is_told_so_and_there_is_room_again_for_each_that_leaves() -> None:
    async with served(crowd=(crowd := Crowd(most_of_peer=3))) as port:
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        socket = await websockets.connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await said(reader)).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        writer.close()
        await socket.close()
        streams.append(await asyncio.open_connection("127.0.0.1", port))
        streams[-1][1].write(GOOD)
        assert await streams[-1][0].readline() == b"HTTP/1.1 200 OK\r\n"
        for _, writer in streams:
            writer.close()
            await writer.wait_closed()
    assert len(crowd) == 0


def test_a_trusted_proxy_has_no_limit_of_its_own() -> None:
    crowd = Crowd(["10.0.0.0/8"], most=10, most_of_peer=2)
    assert [bool(crowd.enter("10.0.0.1")) for _ in range(5)] == [True] * 5
    assert [bool(crowd.enter("192.0.2.1")) for _ in range(3)] == [True, True, False]
    assert [bool(crowd.enter(f"2001:db8::{n}")) for n in range(3)] == [True, True, False]
    assert [bool(crowd.enter("10.0.0.2")) for _ in range(2)] == [True, False]


async def test_a_request_that_is_no_http_is_answered_without_saying_by_what(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")
        answer = await said(reader)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert all(name in answer for name, _ in STRICT)
        assert b"uvicorn" not in answer.lower()
        writer.close()
