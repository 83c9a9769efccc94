"""Docker's API over the simulated host: below the real gateway, so that all of ours above the wire is real."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Any

from engine.docker.connection import Answer, Request
from engine.docker.gateway import DockerGateway
from engine.docker.translation import docker_errors
from engine.errors import DockerUnreachable
from tests.simulation.answers import Answers
from tests.simulation.loop import GENERATION
from tests.simulation.machine import Machine
from tests.simulation.objects import Refusal
from tests.simulation.pipe import ConnectionBroken
from tests.simulation.weather import Mishap

_HANG_DOES_IT = 0.5


class SimulatedDocker(DockerGateway):
    """A gateway whose wire ends in `daemon`."""

    def __init__(self, daemon: "Daemon") -> None:
        super().__init__(None)
        self._daemon = daemon

    async def close(self) -> None:
        self._closed = True

    async def _call(self, request: Request, *, deadline: float | None = None) -> Any:
        with docker_errors(request.doing, request.refusal):
            async with asyncio.timeout(deadline or self._deadline):
                try:
                    return await self._ask(request)
                except Refusal as refusal:
                    raise request.refusal(request.doing, refusal.status, refusal.words) from None

    @asynccontextmanager
    async def _stream(
        self, request: Request, *, deadline: float | None, pause: float | None = None
    ) -> AsyncIterator[Answer]:
        with docker_errors(request.doing, request.refusal):
            async with asyncio.timeout(deadline):
                try:
                    pipe = await self._ask(request)
                except Refusal as refusal:
                    raise request.refusal(request.doing, refusal.status, refusal.words) from None
        try:
            yield Answer(request.doing, pipe, pause)
        finally:
            pipe.close()

    async def _ask(self, request: Request) -> Any:
        if self._closed:
            raise DockerUnreachable("The connection to Docker has been closed.")
        return await self._daemon.asked(request)


class Daemon:
    """Answers requests, later, and by lot not at all."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.reachable = True
        self.under_way: list[str] = []  # the methods of what was asked and is not answered yet
        self.delay_of: Callable[[Request], float] | None = None  # likewise, before it is carried out
        self.refuses: Callable[[Request], bool] | None = None  # what is to be refused, beside what the lot decides
        self.loses: Callable[[Request], bool] | None = None  # what is to be carried out and not answered
        self.strayed: list[Callable[[], None]] = []
        self._nature = Context()
        self._answers = Answers(machine)

    def asked(self, request: Request) -> "asyncio.Future[Any]":
        """The answer. The question is carried out even if whoever asked is dead by then."""
        loop = self.machine.loop
        answer: asyncio.Future[Any] = loop.create_future()
        weather = self.machine.weather
        mishap = weather.mishap()
        if self.refuses and self.refuses(request):
            mishap = Mishap.REFUSED
        if self.loses and self.loses(request):
            mishap = Mishap.UNANSWERED
        if not self.reachable:
            self.machine.later(weather.delay(), _fail, answer, ConnectionBroken("Connection refused"))
            return answer
        if mishap:
            self.machine.trace(f"    ({mishap.value}: {request.doing})")
        self.machine.happened(mishap.value if mishap else request.method, request.path)
        asked_by = GENERATION.get()
        loop.create_task(self._answer(request, answer, mishap, asked_by), context=self._nature.copy())
        return answer

    def unreachable(self) -> None:
        """Nobody can speak to it from now on; what it has begun it finishes."""
        self.reachable = False
        self._answers.cut_streams()

    def cut_streams(self) -> None:
        self._answers.cut_streams()

    async def _answer(
        self, request: Request, answer: "asyncio.Future[Any]", mishap: Mishap | None, asked_by: int
    ) -> None:
        weather = self.machine.weather
        self.under_way.append(request.method)
        try:
            await asyncio.sleep(weather.delay() + (self.delay_of(request) if self.delay_of else 0.0))
            if mishap is Mishap.UNSENT:
                raise ConnectionBroken("Connection reset by peer")
            if mishap is Mishap.REFUSED:
                raise Refusal(500, "something went wrong inside")
            if mishap is Mishap.HUNG and not weather.happens(_HANG_DOES_IT):
                return
            if request.method == "PUT" and self.machine.loop.is_dead(asked_by):
                self.machine.trace(f"    (the dead asked for this: {request.doing})")
                for strayed in self.strayed:
                    strayed()
            result = await self._answers.to(request)
            if mishap is Mishap.HUNG:
                return
            await asyncio.sleep(weather.delay())
            if mishap is Mishap.UNANSWERED or not self.reachable:
                raise ConnectionBroken("Connection reset by peer")
            if not answer.done():
                answer.set_result(result)
        except (Refusal, ConnectionBroken) as error:
            _fail(answer, error)
        finally:
            self.under_way.remove(request.method)


def _fail(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        with suppress(BaseException):
            answer.exception()  # whoever asked may be dead
