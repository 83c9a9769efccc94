"""What comes straight from Docker, with the streams of the engine replaced: they have tests of their own."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from db.models import Container
from engine.belonging import of_application
from engine.docker.values import LogLine, LogStream, StatsSample
from engine.logs import Written
from engine.stats import Used
from graph.ids import global_id, local_id
from tests.graph.api.conftest import Api

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def container(id: str, release_id: str, replica: int) -> Container:
    return Container(
        id=id, name="", server_id="", state="running", application_id="", release_id=release_id, replica=replica
    )


class Stream:
    """Gives its items, then waits; remembers with what it was asked for, and whether it was closed."""

    def __init__(self, *items: Any) -> None:
        self.items = items
        self.asked: tuple[object, ...] = ()
        self.closed = False

    async def follow(self, *args: object, **kwargs: object) -> AsyncGenerator[Any, None]:
        self.asked = (*args, kwargs)
        try:
            for item in self.items:
                yield item
            await asyncio.Event().wait()
        finally:
            self.closed = True


LOGS = """subscription($id: ID!, $tail: Int! = 100, $since: DateTime, $follow: Boolean! = true) {
    applicationLogs(applicationId: $id, tail: $tail, since: $since, follow: $follow) {
        sequence at stream replica releaseId containerId text } }"""
STATS = """subscription($id: ID!) { applicationStats(applicationId: $id) {
    at replica releaseId containerId cpuCores memoryBytes memoryLimitBytes
    networkReceivedBytes networkSentBytes diskReadBytes diskWrittenBytes } }"""


async def test_lines_are_numbered_and_say_whose_they_are(
    api: Api, application_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = "01m833z50pwygw8c3dbqmy44j5"
    stream = Stream(
        Written(container("c0ffee", release, 1), LogLine(NOON, LogStream.STDOUT, "ready")),
        Written(container("decaf", release, 2), LogLine(NOON, LogStream.STDERR, "\x1b[31mnot ready")),
    )
    monkeypatch.setattr(api.engine.logs, "follow", stream.follow)
    async with api.watch(LOGS, id=application_id, tail=7, since="2026-01-31T13:00:00+01:00", follow=False) as lines:
        assert await lines.next() == {
            "sequence": 1,
            "at": "2026-01-31T12:00:00Z",
            "stream": "STDOUT",
            "replica": 1,
            "releaseId": global_id("Release", release),
            "containerId": "c0ffee",
            "text": "ready",
        }
        second = await lines.next()
        assert (second["sequence"], second["replica"], second["stream"]) == (2, 2, "STDERR")
    assert stream.asked == (
        of_application(local_id("Application", application_id)),
        {"tail": 7, "since": NOON, "follow": False},
    )
    assert stream.closed


@pytest.mark.parametrize("tail", [-1, 10_001])
async def test_a_tail_has_bounds(api: Api, application_id: str, tail: int) -> None:
    async with api.watch(LOGS, id=application_id, tail=tail) as lines:
        assert await lines.error() == {"code": "INVALID_INPUT", "field": ["tail"]}


async def test_stats_say_whose_they_are(api: Api, application_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    release = "01m833z50pwygw8c3dbqmy44j5"
    sample = StatsSample(NOON, 1.5, 10**10, 2 * 10**10, 1, 2, 3, 4)
    stream = Stream(Used(container("c0ffee", release, 1), sample))
    monkeypatch.setattr(api.engine.stats, "follow", stream.follow)
    async with api.watch(STATS, id=application_id) as stats:
        assert await stats.next() == {
            "at": "2026-01-31T12:00:00Z",
            "replica": 1,
            "releaseId": global_id("Release", release),
            "containerId": "c0ffee",
            "cpuCores": 1.5,
            "memoryBytes": 10**10,
            "memoryLimitBytes": 2 * 10**10,
            "networkReceivedBytes": 1,
            "networkSentBytes": 2,
            "diskReadBytes": 3,
            "diskWrittenBytes": 4,
        }
    assert stream.closed


async def test_a_stream_is_closed_for_a_client_that_goes_while_it_waits(
    api: Api, application_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream()
    monkeypatch.setattr(api.engine.logs, "follow", stream.follow)
    async with api.watch(LOGS, id=application_id) as lines:
        waiting = asyncio.create_task(lines.next())
        while not stream.asked:
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert stream.closed


@pytest.mark.parametrize("document", [LOGS, STATS])
async def test_an_application_that_is_not_there_cannot_be_watched(api: Api, document: str) -> None:
    async with api.watch(document, id="nonsense") as lines:
        assert await lines.error() == {"code": "NOT_FOUND", "field": ["applicationId"]}
