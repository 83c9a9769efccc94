"""What the proxy says of certificates: its log is followed as long as there are any by ACME."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta

from db.models import now
from engine.certificates.complaints import Complaint, Renewed, complaint_in
from engine.docker.values import LogLine
from engine.errors import EngineError
from engine.proxy.container import HttpProxy

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LAST_PAUSE = 0.2, 2.0
_KEPT = timedelta(hours=1)
_RENEWING = timedelta(minutes=2)

Heard = Complaint | Renewed


class Hearing:
    """Remembers for an hour what was said of each host, so that who comes late, or was killed, hears it too."""

    def __init__(self, proxy: HttpProxy, tell: Callable[[Heard], Awaitable[None]]) -> None:
        """`tell` is told of everything that nobody waits for."""
        self._proxy = proxy
        self._tell = tell
        self._said: dict[tuple[str, str], tuple[datetime, Complaint]] = {}
        self._news = asyncio.Event()
        self._last: tuple[datetime, set[str]] = (now(), set())
        self._renewing: dict[str, datetime] = {}
        self.awaited: set[tuple[str, str]] = set()  # by resolver and host; what is heard first is for who waits
        self.wanted = asyncio.Event()

    def since(self, at: datetime) -> None:
        """Have what was said from this moment on be heard. Before `run`."""
        self._last = (min(self._last[0], at), set())

    async def run(self) -> None:
        """Follow the log until cancelled, whatever becomes of the container."""
        pause = _FIRST_PAUSE
        while True:
            await self.wanted.wait()
            try:
                if await self._follow():
                    pause = _FIRST_PAUSE
            except EngineError as error:
                log.debug("The proxy's log cannot be followed: %s", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_PAUSE)

    def complaint(self, resolver_id: str, host: str, since: datetime) -> Complaint | None:
        """What was complained of a host last, after this moment."""
        at, complaint = self._said.get((resolver_id, host), (since, None))
        return complaint if at > since else None

    def is_renewing(self, host: str) -> bool:
        """Whether Traefik said lately that it asks for the next one."""
        return host in self._renewing and self._renewing[host] > now() - _RENEWING

    async def news(self, seconds: float) -> None:
        """Return when something was said, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _follow(self) -> bool:
        """Whether anything was read."""
        read = False
        lines = self._proxy.docker.logs(self._proxy.name, follow=True, tail=None, since=self._last[0])
        async with aclosing(lines):
            async for line in lines:
                read = True
                await self._hear(line)
        return read

    async def _hear(self, line: LogLine) -> None:
        at, texts = self._last
        if line.at < at or (line.at == at and line.text in texts):
            return
        self._last = (line.at, texts | {line.text} if line.at == at else {line.text})
        heard = complaint_in(line.text)
        if heard is None:
            return
        if isinstance(heard, Renewed):
            self._renewing = {host: at for host, at in self._renewing.items() if at > now() - _RENEWING}
            self._renewing[heard.host] = now()
        elif not heard.renewal:
            key = (heard.resolver_id, heard.host)
            self._said = {name: said for name, said in self._said.items() if said[0] > line.at - _KEPT}
            self._said[key] = (line.at, heard)
            self._news.set()
            self._news = asyncio.Event()
            if key in self.awaited:
                self.awaited.discard(key)
                return
        await self._tell(heard)
