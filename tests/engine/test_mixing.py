"""Several streams as one: everything arrives, errors too, and nothing runs on afterwards."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from engine.mixing import Mixer


async def count(start: int, closed: list[int], *, then: Exception | None = None) -> AsyncGenerator[int, None]:
    try:
        for number in range(start, start + 3):
            yield number
        if then:
            raise then
    finally:
        closed.append(start)


async def test_everything_of_every_source_arrives_and_the_mixture_ends() -> None:
    closed: list[int] = []
    mixer: Mixer[int] = Mixer()
    async with mixer:
        mixer.add("a", count(0, closed))
        mixer.add("b", count(10, closed))
        assert sorted([item async for item in mixer]) == [0, 1, 2, 10, 11, 12]
    assert sorted(closed) == [0, 10]


async def test_an_error_in_one_source_ends_the_mixture_with_it() -> None:
    mixer: Mixer[int] = Mixer()
    async with mixer:
        mixer.add("a", count(0, [], then=LookupError()))
        assert [await anext(mixer) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(LookupError):
            await anext(mixer)


async def test_leaving_closes_sources_that_were_not_read_to_their_end() -> None:
    closed: list[int] = []
    mixer: Mixer[int] = Mixer()
    async with mixer:
        mixer.add("a", count(0, closed))
        assert await anext(mixer) == 0
    assert closed == [0]


async def test_a_source_can_be_added_while_another_job_goes_on() -> None:
    mixer: Mixer[int] = Mixer()

    async def add_later() -> None:
        await asyncio.sleep(0)
        mixer.add("late", count(5, []))

    async with mixer:
        mixer.meanwhile(add_later())
        assert [item async for item in mixer] == [5, 6, 7]


async def test_a_key_that_is_in_use_is_not_taken_twice() -> None:
    mixer: Mixer[int] = Mixer()
    async with mixer:
        mixer.add("a", count(0, []))
        mixer.add("a", count(10, []))
        assert [item async for item in mixer] == [0, 1, 2]
