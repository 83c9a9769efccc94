"""The event log: whoever follows it sees every event once, in order, however late or slow."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import Session

from db.models import Event, EventKind
from db.sessions import Sessions
from engine.errors import CursorExpired, InvalidInput
from engine.events import EventFilter, EventLog, record

SMALLEST = 1000


def happen(session: Session, number: int, application_id: str | None = None) -> None:
    record(session, EventKind.UPDATED, "Thing", str(number), application_id=application_id, data={"number": number})


async def take(events: AsyncIterator[Event], count: int) -> list[int]:
    async with asyncio.timeout(30):
        return [(await anext(events)).data["number"] for _ in range(count)]


@pytest.fixture
async def log(sessions: Sessions) -> EventLog:
    return EventLog(sessions, keep=SMALLEST)


async def test_a_follower_sees_what_happens_from_now_on(sessions: Sessions, log: EventLog) -> None:
    await sessions.write(happen, 1)
    await asyncio.sleep(0)
    follower = log.follow()
    first = asyncio.ensure_future(take(follower, 2))
    await asyncio.sleep(0)
    for number in (2, 3):
        await sessions.write(happen, number)
    assert await first == [2, 3]


async def test_a_follower_with_a_cursor_sees_what_it_missed_and_then_goes_on(
    sessions: Sessions, log: EventLog
) -> None:
    for number in range(1, 6):
        await sessions.write(happen, number)
    follower = log.follow(after=2)
    assert await take(follower, 3) == [3, 4, 5]
    await sessions.write(happen, 6)
    assert await take(follower, 1) == [6]


async def test_a_new_process_replays_from_the_database(sessions: Sessions, log: EventLog) -> None:
    for number in range(1, 1201):
        await sessions.write(happen, number)
    later = EventLog(sessions, keep=SMALLEST * 10)
    assert await take(later.follow(after=300), 900) == list(range(301, 1201))


async def test_many_followers_see_the_same(sessions: Sessions, log: EventLog) -> None:
    followers = [asyncio.ensure_future(take(log.follow(after=0), 50)) for _ in range(100)]
    for number in range(50):
        await sessions.write(happen, number)
    assert all(seen == list(range(50)) for seen in await asyncio.gather(*followers))


async def test_a_filter_lets_only_its_own_through(sessions: Sessions, log: EventLog) -> None:
    for number in range(10):
        await sessions.write(happen, number, "even" if number % 2 == 0 else "odd")
    assert await take(log.follow(EventFilter(application_id="odd"), after=0), 5) == [1, 3, 5, 7, 9]


async def test_a_quiet_filter_does_not_fall_out_of_the_log(sessions: Sessions, log: EventLog) -> None:
    quiet = log.follow(EventFilter(application_id="quiet"), after=0)
    waiting = asyncio.ensure_future(take(quiet, 1))
    for number in range(SMALLEST * 3):
        await sessions.write(happen, number, "noisy")
    await sessions.write(happen, -1, "quiet")
    assert await waiting == [-1]


async def test_a_cursor_older_than_the_log_is_told_so(sessions: Sessions, log: EventLog) -> None:
    for number in range(SMALLEST * 2 + 1):
        await sessions.write(happen, number)
    await sessions.write(happen, 0)  # after the pruning, which the writer did in between
    later = EventLog(sessions, keep=SMALLEST)
    with pytest.raises(CursorExpired, match="no longer kept"):
        await anext(later.follow(after=5))


async def test_a_cursor_that_was_never_given_out_is_refused(log: EventLog) -> None:
    with pytest.raises(InvalidInput, match="not from this event log"):
        await anext(log.follow(after=99))


async def test_what_another_process_writes_is_seen_in_its_place(sessions: Sessions, log: EventLog) -> None:
    other = Sessions(sessions.url)
    await sessions.write(happen, 1)
    follower = log.follow(after=0)
    assert await take(follower, 1) == [1]
    await other.write(happen, 2)
    await sessions.write(happen, 3)
    assert await take(follower, 2) == [2, 3]
    late = log.follow(after=0)
    await other.write(happen, 4)
    assert await take(late, 3) == [1, 2, 3]
    await sessions.write(happen, 5)
    assert await take(late, 2) == [4, 5], "each once, although the database had the fourth earlier than we knew"
    assert await take(follower, 2) == [4, 5]
    watch = asyncio.create_task(log.watch_others())
    await other.write(happen, 6)
    assert await take(follower, 1) == [6]
    watch.cancel()
    other.close()


async def test_a_listener_hears_what_another_process_wrote_right_before_us(sessions: Sessions, log: EventLog) -> None:
    heard: list[int] = []
    log.on_event(lambda event: heard.append(event.data["number"]))
    other = Sessions(sessions.url)
    for number in (1, 2):
        await other.write(happen, number)
    other.close()
    await sessions.write(happen, 3)
    assert await take(log.follow(after=0), 3) == heard == [1, 2, 3]


async def test_an_event_of_a_change_that_failed_is_never_seen(sessions: Sessions, log: EventLog) -> None:
    def happen_and_fail(session: Session) -> None:
        happen(session, 1)
        raise LookupError

    with pytest.raises(LookupError):
        await sessions.write(happen_and_fail)
    await sessions.write(happen, 2)
    assert await take(log.follow(after=0), 1) == [2]
