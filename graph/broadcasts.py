"""Each event is executed and encoded once for all subscribers that are told the same of it.

A subscription runs by itself, like any other, until it has told everything there is. From then on, until it falls
behind, it is a member of a broadcast: one run of the same operation, whose answers go to all members as they are.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import orjson
from strawberry.types import ExecutionResult

from engine.accounts.authority import Authority
from graph.answers import Answers, encoded
from graph.errors import failed_as_a_whole, masked
from graph.following import Following
from graph.permissions import Viewer, anyone_with
from graph.watched import Operations

if TYPE_CHECKING:
    from engine.engine import Engine


class Key(NamedTuple):
    """What the answers of a subscription depend on, beside the events."""

    query: str
    operation_name: str | None
    variables: bytes
    authority: Authority


@dataclass(frozen=True)
class Asked:
    """An operation as a client sent it, and who sent it."""

    query: str
    operation_name: str | None
    variables: Mapping[str, object]
    viewer: Viewer

    def key(self, decisive: frozenset[str]) -> Key:
        """`decisive` names the variables that the answers depend on."""
        variables = {name: value for name, value in self.variables.items() if name in decisive}
        encoded = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
        return Key(self.query, self.operation_name, encoded, self.viewer.authority)


AT_ONCE = 25  # are told before everybody else on this loop has a turn: less than half a millisecond
GATHERED = 16  # events at most are told together, and
_GATHERED_BYTES = 16 * 1024  # as many as fit into this, or one
WAY_SECONDS = 0.05  # that those who are told together wait at most for who has asked for something meanwhile
_LOOK_SECONDS = 0.001

Run: TypeAlias = Callable[[Asked, Following], AsyncGenerator[ExecutionResult, None]]


class Subscriber(Protocol):
    def tell(self, answers: Answers) -> bool:
        """Send it without waiting. False: that is not possible now, and nothing was sent."""


class _Member:
    """A subscriber, which had seen everything up to `cursor` when it came."""

    def __init__(self, subscriber: Subscriber, cursor: int) -> None:
        self.subscriber = subscriber
        self.cursor = cursor
        self.left: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()


class Broadcasts:
    """What runs once for several. Each broadcast ends with its last member. `operations` are let past."""

    def __init__(self, run: Run, engine: "Engine", operations: Operations) -> None:
        self._run = run
        self._engine = engine
        self._operations = operations
        self._running: dict[Key, _Broadcast] = {}

    def __len__(self) -> int:
        return len(self._running)

    @property
    def members(self) -> int:
        """How many subscribers are told by broadcasts now."""
        return sum(len(broadcast.members) for broadcast in self._running.values())

    async def tell(self, subscriber: Subscriber, asked: Asked, decisive: frozenset[str], cursor: int) -> int | None:
        """Have a subscriber that has seen everything up to `cursor` told what comes next, as long as it reads.

        Returns the number up to which it was told everything then, or None when there is nothing more to come.
        """
        key = asked.key(decisive)
        broadcast = self._running.get(key)
        if broadcast is None or broadcast.over:
            broadcast = self._running[key] = _Broadcast(self._run, asked, self._engine, cursor, self._operations)
        if cursor < broadcast.cursor:  # it has more to tell by itself first
            return cursor
        member = _Member(subscriber, cursor)
        broadcast.members.add(member)
        try:
            going_on = await member.left
        finally:
            broadcast.members.discard(member)
            if not broadcast.members:
                broadcast.task.cancel()
                if self._running.get(key) is broadcast:
                    del self._running[key]
        # What broke for all is tried alone; whatever it was, it is not tried again before there is news.
        return await self._engine.events.news(going_on) if broadcast.broken and going_on is not None else going_on


class _Broadcast:
    """One run of an operation. `cursor` is the number up to which every member has been told everything.

    What happens while they are being told is gathered, and told together.
    """

    def __init__(self, run: Run, asked: Asked, engine: "Engine", cursor: int, operations: Operations) -> None:
        self._operations = operations
        self.members: set[_Member] = set()
        self.cursor = cursor
        self.over = self.broken = False
        self._engine = engine
        self._gathered = Answers(cursor)
        self._following = Following(start=cursor, wait=self._wait)
        shared = replace(asked, viewer=anyone_with(asked.viewer.authority))
        self.task = asyncio.create_task(self._tell_all(run(shared, self._following)))

    async def _wait(self, _decisive: frozenset[str], cursor: int) -> int:
        await self._tell_gathered()
        self.cursor = cursor
        return await self._engine.events.news(cursor)

    async def _tell_all(self, results: AsyncGenerator[ExecutionResult, None]) -> None:
        try:
            async with aclosing(results):
                async for result in results:
                    number = self._following.told
                    if failed_as_a_whole(result) or number <= max(self.cursor, self._gathered.last):
                        self.broken = True  # this tells of no event
                        return
                    self._gathered.add(number, encoded(result))
                    if len(self._gathered) >= GATHERED or self._gathered.size >= _GATHERED_BYTES:
                        await self._tell_gathered()
            await self._tell_gathered()
        except Exception as bug:  # noqa: BLE001 masked() logs it
            masked(bug)
            self.broken = True
        finally:
            self.over = True
            for member in tuple(self.members):
                self._release(member, self.cursor if self.broken else None)

    async def _tell_gathered(self) -> None:
        answers, before = self._gathered, self.cursor
        if not answers:
            return
        self._gathered = Answers(answers.last)
        self.cursor = answers.last  # who comes from now on has these events to tell by itself
        untold = {member for member in self.members if member.cursor < answers.last}
        behind = self._engine.events.last - answers.last > GATHERED
        way = _Way(self._engine, self._operations, 0 if behind else WAY_SECONDS)
        try:
            if len(untold) > AT_ONCE:
                await way.give()
            for count, member in enumerate(tuple(untold), 1):
                if member in self.members and not member.subscriber.tell(answers.past(member.cursor)):
                    self._release(member, before)
                untold.discard(member)
                if count % AT_ONCE == 0:
                    await way.give()
        finally:
            for member in untold:
                self._release(member, before)
        for number in answers.numbers:
            self._operations.telemetry.delivered(number)
        await asyncio.sleep(0)  # what was written goes out

    def _release(self, member: _Member, going_on: int | None) -> None:
        # At once, not when its task runs: it would be told the next event without this one.
        self.members.discard(member)
        if not member.left.done():
            member.left.set_result(None if going_on is None else max(going_on, member.cursor))


class _Way:
    """What those who are told give to everybody else, and for a while to whoever waits for an answer.

    Those who are told of a mutation see its end, who has asked for it waits for it. The thread that writes gets the
    interpreter only now and then while this one has work.
    """

    def __init__(self, engine: "Engine", operations: Operations, seconds: float) -> None:
        self._sessions = engine.sessions
        self._operations = operations
        self._clock = asyncio.get_running_loop().time
        self._left = seconds

    async def give(self) -> None:
        began = self._clock()
        while (left := self._left - (self._clock() - began)) > 0:
            if self._sessions.writes_waiting:
                await self._sessions.written(within=left)
            elif self._operations.asked:
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                break
        self._left = left
        await asyncio.sleep(0)
