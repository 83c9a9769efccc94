"""Who is working on what: never twice at once, never forgotten, bounded."""

import asyncio
import logging

import pytest

from engine.errors import DockerUnreachable
from engine.work import Work


class Worker:
    """Remembers what it was called for; works until it is let go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.at_once = 0
        self.most = 0
        self.let_go = asyncio.Event()

    async def converge(self, key: str) -> None:
        self.calls.append(key)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.let_go.wait()
        self.at_once -= 1


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_one_key_is_worked_on_once_at_a_time_and_once_more_if_woken_meanwhile() -> None:
    worker = Worker()
    work = Work(worker.converge, at_once=4)
    for _ in range(5):
        work.wake("shop")
        await turns()
    assert worker.calls == ["shop"]
    worker.let_go.set()
    await turns()
    assert worker.calls == ["shop", "shop"]
    await work.close()


async def test_no_more_than_so_many_at_once_and_all_in_the_end() -> None:
    worker = Worker()
    work = Work(worker.converge, at_once=3)
    for number in range(10):
        work.wake(str(number))
    await turns()
    assert len(worker.calls) == 3
    worker.let_go.set()
    await turns(100)
    assert len(worker.calls) == 10
    assert worker.most == 3
    await work.close()


async def test_what_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("engine.work._FIRST_RETRY_SECONDS", 0.0)
    done, calls = asyncio.Event(), 0

    async def converge(_key: str) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise DockerUnreachable("Docker does not answer.")
        done.set()

    work = Work(converge, at_once=1)
    with caplog.at_level(logging.WARNING):
        work.wake("shop")
        await asyncio.wait_for(done.wait(), 5)
    assert calls == 3
    assert all(record.exc_info is None for record in caplog.records), "an outage is one line, not a traceback"
    await work.close()


async def test_closing_ends_what_runs_and_starts_nothing_new() -> None:
    worker = Worker()
    work = Work(worker.converge, at_once=1)
    work.wake("shop")
    await turns()
    await work.close()
    work.wake("shop")
    await turns()
    assert worker.calls == ["shop"]
