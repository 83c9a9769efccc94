"""The Docker engine falls silent in every way it can: that is said, nothing is mistaken, and all comes back."""

import asyncio
import time

import pytest

from tests.docker.faults import AT_ONCE, Said, Target, by_hand
from tests.docker.relay import Silence
from tests.docker.world import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

NOTICED = 6.5
"""Seconds until an engine that takes calls and does not answer is found out: a heartbeat, and twice its deadline."""


async def test_an_engine_that_stops_and_starts_is_said_in_two_lines(target: Target) -> None:
    said = Said(target.world)
    async with target.nothing_else_touched():
        async with target.changes("UNREACHABLE") as changes:
            target.relay.cut()
        assert changes.first_after < AT_ONCE
        refused = await target.shop.deploy()
        assert refused["failure"]["reason"] == "ENGINE_UNREACHABLE"
        async with target.changes("RUNNING") as changes:
            target.relay.mend()
        assert changes.seen == ["RUNNING"]
        assert changes.first_after < AT_ONCE
    said.once("WARNING engine.observer: The connection to Docker broke", "The Docker engine answers")


@pytest.mark.parametrize(
    "silence",
    [
        Silence.EVERYTHING,
        pytest.param(Silence.BODIES, marks=pytest.mark.soak),
        pytest.param(Silence.CALLS, marks=pytest.mark.soak),
    ],
    ids=lambda each: each.name,
)
async def test_an_engine_that_does_not_answer_is_unreachable(target: Target, silence: Silence) -> None:
    said = Said(target.world)
    async with target.nothing_else_touched():
        async with target.changes("UNREACHABLE") as changes:
            target.relay.hang(silence)
        assert changes.first_after < NOTICED
        asked_at = time.monotonic()
        assert (await target.world.ask("{ servers { state } }"))["servers"] == [{"state": "UNREACHABLE"}]
        assert time.monotonic() - asked_at < 1, "what is remembered is read at once"
        async with target.changes("RUNNING") as changes:
            target.relay.cut()
            target.relay.mend()
        assert changes.first_after < AT_ONCE
    said.once("WARNING engine.observer: Docker gave no answer in time", "The Docker engine answers")


@pytest.mark.soak
async def test_an_engine_that_takes_up_its_answers_again_is_believed_soon(target: Target) -> None:
    """The same connections go on: what was asked meanwhile is never answered."""
    async with target.changes("UNREACHABLE"):
        target.relay.hang()
    async with target.changes("RUNNING") as changes:
        target.relay.hang(Silence.NOTHING)
    assert changes.first_after < NOTICED


@pytest.mark.soak
async def test_what_a_silent_stream_of_events_keeps_back_is_found_out(target: Target) -> None:
    said = Said(target.world)
    container = await target.container(target.shop)
    async with target.nothing_else_touched():
        target.relay.hang(Silence.EVENTS)
        async with target.changes("RUNNING") as changes:
            by_hand("kill", container)
        assert changes.seen == ["FAILING", "RUNNING"]
        await eventually(target.shop.answers)
    said.once("Docker did not tell of all that happened", "shop: release 1 does not run as it should")


async def test_what_is_done_to_a_container_while_nobody_answers_is_mended_afterwards(target: Target) -> None:
    async with target.nothing_else_touched():
        async with target.changes("UNREACHABLE"):
            target.relay.cut()
        container = await target.container(target.shop)
        await asyncio.to_thread(by_hand, "rm", "-f", container)
        async with target.changes("RUNNING"):
            target.relay.mend()
        await eventually(target.shop.answers)
        assert await target.container(target.shop) != container
