"""An event loop without a clock, sockets or threads: time jumps to the next timer when nothing is ready.

What is ready runs in the order in which it became ready, as asyncio promises. What comes from outside (a
timer, an answer, the end of a thread's work) becomes ready when its simulated time has come.
"""

import asyncio
import heapq
import itertools
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

T = TypeVar("T")

GENERATION: ContextVar[int] = ContextVar("generation", default=0)
"""Which life of the control plane a task belongs to; 0 is the world around it, which never dies."""

Delay = Callable[[], float]


class _Future(asyncio.Future[Any]):
    """Sets of futures are ordered by this hash and not by addresses in memory: a schedule repeats exactly."""

    _serial = 0

    def __hash__(self) -> int:
        if not self._serial:
            loop: Any = self.get_loop()
            self._serial = next(loop.serials)
        return self._serial


class _Task(asyncio.Task[Any]):
    def __init__(self, job: Coroutine[Any, Any, Any], *, loop: Any, **how: Any) -> None:
        # Before the task begins, which registers it in a set.
        self.serial: int = next(loop.serials)
        super().__init__(job, loop=loop, **how)

    def __hash__(self) -> int:
        return self.serial


class _Handle(asyncio.Handle):
    """The same, without asking each time whether anybody debugs."""

    __slots__ = ()

    def __init__(self, callback: Any, args: Any, loop: Any, context: Context | None) -> None:
        self._context = copy_context() if context is None else context
        self._callback, self._args, self._loop = callback, args, loop
        self._cancelled, self._repr, self._source_traceback = False, None, None

    def cancel(self) -> None:
        self._cancelled, self._callback, self._args = True, None, ()


class _Timer(asyncio.TimerHandle):
    __slots__ = ()

    def __init__(self, when: float, callback: Any, args: Any, loop: Any, context: Context | None) -> None:
        _Handle.__init__(self, callback, args, loop, context)  # type: ignore[arg-type]  # the same attributes
        self._when, self._scheduled = when, False

    cancel = _Handle.cancel


class VirtualLoop:
    """As much of an event loop as asyncio itself and the engine use.

    `thread_delay` says how long a job of a thread takes, in seconds."""

    def __init__(self, thread_delay: Delay) -> None:
        self._loop: Any = self
        self.serials = itertools.count(1)
        self.steps = 0
        self.errors: list[dict[str, Any]] = []
        self._thread_delay = thread_delay
        self._now = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._dead: set[int] = set()
        self._threads: dict[object, float] = {}
        self._from_thread: list[asyncio.Handle] | None = None
        self._break: tuple[int, Callable[[], None]] | None = None
        self._graveyard: list[asyncio.Handle] = []
        self._closed = False

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._closed

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = _Handle(callback, args, self._loop, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        if self._from_thread is None:
            return self.call_soon(callback, *args, context=context)
        handle = _Handle(callback, args, self._loop, context)
        self._from_thread.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(when, callback, args, self._loop, context)
        heapq.heappush(self._timers, (when, next(self.serials), timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def create_future(self) -> asyncio.Future[Any]:
        return _Future(loop=self._loop)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        return _Task(coro, loop=self, name=name, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.errors.append(context)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Runs `func` when its time has come; jobs of one executor run one after the other, in order."""
        future = self.create_future()
        begin = max(self._now, self._threads.get(executor, 0.0)) + self._thread_delay()
        end = begin + self._thread_delay() / 2
        self._threads[executor] = end
        self.call_at(begin, self._run_job, future, end, func, args)
        return future

    def _run_job(self, future: asyncio.Future[Any], end: float, func: Callable[..., Any], args: Any) -> None:
        # What a thread hands to the loop is seen by the loop only after a while.
        self._from_thread = []
        try:
            result, error = func(*args), None
        except Exception as raised:  # noqa: BLE001  it belongs to whoever waits
            result, error = None, raised
        posted, self._from_thread = self._from_thread, None
        for handle in posted:
            self.call_at(end, handle._run)
        self.call_at(end, _settle, future, result, error)

    # What a simulation does with it.

    def run_until(self, done: Callable[[], bool], deadline: float) -> bool:
        """Run until `done`, asked between any two steps; whether it was before the virtual `deadline`."""
        ready, dead = self._ready, self._dead
        with self._running():
            while not done():
                if not ready and not self._wake(deadline):
                    return False
                handle: Any = ready.popleft()
                if handle._cancelled:
                    continue
                if dead and handle._context.get(GENERATION, 0) in dead:
                    self._graveyard.append(handle)  # letting go of it would run the cleaning up of its task
                    continue
                self.steps += 1
                handle._run()
                if self._break is not None and self.steps >= self._break[0]:
                    callback, self._break = self._break[1], None
                    callback()
            return True

    def begin_at(self, time: float) -> None:
        self._now = time

    def break_at(self, step: int, callback: Callable[[], None]) -> None:
        """Have `callback` called between two steps, when `step` steps were made in all."""
        self._break = (step, callback)

    def break_nowhere(self) -> None:
        self._break = None

    def kill(self, generation: int) -> None:
        """From now on nothing of this generation runs, not even its cleaning up: as after SIGKILL."""
        self._dead.add(generation)
        self._threads.clear()

    @property
    def idle(self) -> bool:
        """Whether nothing is ever to happen."""
        self._forget_cancelled()
        return not self._ready and not self._timers

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing is to happen in the next `seconds`."""
        if self._ready:
            return False
        self._forget_cancelled()
        return not self._timers or self._timers[0][0] > self._now + seconds

    def is_dead(self, generation: int) -> bool:
        return generation in self._dead

    def close(self) -> None:
        self._closed = True
        self._ready.clear()
        self._timers.clear()

    def _wake(self, deadline: float) -> bool:
        """Let time pass until something is ready. False when nothing will be before the deadline."""
        self._forget_cancelled()
        if not self._timers or self._timers[0][0] > deadline:
            self._now = max(self._now, deadline)
            return False
        timers, ready = self._timers, self._ready
        now = self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= now:
            ready.append(heapq.heappop(timers)[2])
        return True

    def _forget_cancelled(self) -> None:
        timers: list[Any] = self._timers
        while timers:
            timer = timers[0][2]
            if timer._cancelled:
                heapq.heappop(timers)
            elif self._dead and timer._context.get(GENERATION, 0) in self._dead:
                self._graveyard.append(heapq.heappop(timers)[2])
            else:
                return

    @contextmanager
    def _running(self) -> Iterator[None]:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self._finalise)
        asyncio._set_running_loop(self._loop)
        try:
            yield
        finally:
            asyncio._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def _finalise(self, generator: AsyncGenerator[Any, None]) -> None:
        if not self._closed:
            self.create_task(generator.aclose())


def _settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
