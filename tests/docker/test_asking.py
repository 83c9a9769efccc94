"""The visitors of the other tests notice what is wrong with an answer, and say what it is."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.docker.asking import HELLO, SENT_SLOWLY, UPLOAD, Load, Question
from tests.docker.load import ONE_BY_ONE, websocket
from tests.docker.visits import PAGE, Visits, Wrong
from tests.docker.world import Application, World

HEAD = b"HTTP/1.1 %s\r\nX-Version: %s\r\nContent-Length: %d\r\n\r\n%s"
RIGHT = HEAD % (b"200 OK", b"1", 14, b"hello from 1 on")


@asynccontextmanager
async def a_server_that_says(answer: bytes, tmp_path: Path) -> AsyncGenerator[Load]:
    """Whatever is asked; then it closes the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"chunked" in head:
            await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2 * len(UPLOAD))
    world = World(tmp_path)
    world.http_port = server.sockets[0].getsockname()[1]
    async with server:
        yield Load(Application(world, "", "shop.test"), Visits("1", grace=2), per_second=100)


@pytest.mark.parametrize("http", ["kept", "fresh", "got"])
@pytest.mark.parametrize(
    ("answer", "question", "verdict"),
    [
        (b"", HELLO, "reset: "),
        (RIGHT[:-5], HELLO, "truncated: "),
        (HEAD % (b"502 Bad Gateway", b"?", 3, b"oh!"), HELLO, "status 502: "),
        (HEAD % (b"503 Gone", b"?", 3, b"oh!"), HELLO, "status 503: "),
        (HEAD % (b"503 Gone", b"?", 6, b"<html>"), HELLO, "wrong release order: answered by the page"),
        (HEAD % (b"200 OK", b"1", 5, b"hello"), HELLO, "wrong body: "),
        (HEAD % (b"200 OK", b"2", 16, b"hello from 2 on "), HELLO, "wrong release order: answered by 2, not by 1"),
        (HEAD % (b"200 OK", b"1", 5, b"hello"), SENT_SLOWLY, "wrong digest: "),
    ],
    ids=["reset", "truncated", "status", "no page of ours", "page", "body", "release", "digest"],
)
async def test_what_is_wrong_with_an_answer_is_told(
    tmp_path: Path, http: str, answer: bytes, question: Question, verdict: str
) -> None:
    async with a_server_that_says(answer, tmp_path) as load:
        asking = load.get_or_post(http2=False) if http == "got" else load.http1(fresh=http == "fresh")
        async with asking as ask:
            asked = asyncio.create_task(load.keep_asking("visitor", ask, question))
            await load.visits.reach(1)
            load.stop.set()
            await asked
    assert load.visits.wrong[0].startswith(f"visitor: {verdict}"), load.visits.verdict


@pytest.mark.parametrize("visitor", [websocket, ONE_BY_ONE])
async def test_a_port_that_nobody_listens_on_is_told(
    tmp_path: Path, visitor: Callable[[Load], Awaitable[None]]
) -> None:
    async with a_server_that_says(b"", tmp_path) as load:
        pass
    asked = asyncio.ensure_future(visitor(load))
    await load.visits.reach(1)
    load.stop.set()
    await asked
    assert "refused" in load.visits.wrong[0]


async def test_a_release_that_was_replaced_may_not_answer_again() -> None:
    visits = Visits("1", grace=2)
    visits.expect("2")
    begun_before = visits.floor
    visits.place("1", begun_before)
    visits.place("2", begun_before)
    visits.place("1", begun_before)  # it was asked before the other had answered
    with pytest.raises(Wrong, match="answered by 1, not by 2"):
        visits.place("1", visits.floor)


async def test_once_a_stop_is_said_to_be_done_the_release_may_not_answer_any_more() -> None:
    visits = Visits("1", grace=2)
    visits.expect(PAGE)
    visits.settle()
    with pytest.raises(Wrong, match="answered by 1, not by the page"):
        visits.place("1", visits.floor)


async def test_a_stream_may_not_end_before_its_grace_period() -> None:
    visits = Visits("1", grace=0.2)
    with pytest.raises(Wrong, match="has not been replaced"):
        visits.ended(0)
    visits.expect("2")
    visits.settle()
    with pytest.raises(Wrong, match="after its release was replaced"):
        visits.ended(0)
    await asyncio.sleep(0.2)
    visits.ended(0)
